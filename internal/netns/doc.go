// Package netns runs functions in a network namespace of Linux
// (network_namespaces(7)).
package netns
