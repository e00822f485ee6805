package ebpf

import "context"

// waker has the end of a context end a wait.
type waker struct {
	wake func() // may be called concurrently with the wait

	watched context.Context
	unwatch func() bool
	woken   chan struct{} // closed when wake has returned
}

// watch watches a context in place of the one before.
func (w *waker) watch(ctx context.Context) {
	if ctx == w.watched {
		return
	}
	w.stop()
	woken := make(chan struct{})
	w.watched, w.woken = ctx, woken
	w.unwatch = context.AfterFunc(ctx, func() {
		defer close(woken)
		w.wake()
	})
}

// stop watches no context any more. wake is not called after it returned.
func (w *waker) stop() {
	if w.unwatch != nil && !w.unwatch() {
		<-w.woken
	}
	w.watched, w.unwatch = nil, nil
}
