// Package process tells which process a local socket belongs to, and how its
// connection fares. Programs at a control group (cgroups(7), version 2) note it as
// processes create, bind, connect and send by sockets, and as TCP measures.
//
// A socket is known by its cookie, which is never used again. So what is told of one
// that was closed stays right, and one that takes over its port is another one.
package process
