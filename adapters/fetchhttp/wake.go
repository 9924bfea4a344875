package fetchhttp

import (
	"sync"
	"time"
)

// deadSilence is how long an answer may have been silent when the machine wakes, or the network is back, before its connection is given up. The
// watchdog alone would take much longer to find out.
const deadSilence = 2 * time.Second

// Wake says that the machine has slept, or that the network may be back: requests whose connections may have died meanwhile fail at once, so that they can be
// repeated. Those that are alive go on.
func (db *DB) Wake() {
	now := time.Now().UnixNano()
	for _, a := range db.flights.all() {
		if silent := time.Duration(now - a.heard.Load()); silent > deadSilence+time.Duration(a.sending.Load()) {
			a.giveUp(errSilent)
		}
	}
}

// flights are the requests that are on their way.
type flights struct {
	mutex   sync.Mutex
	answers map[*answer]bool
}

func (f *flights) add(a *answer) {
	a.heard.Store(time.Now().UnixNano())
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.answers == nil {
		f.answers = map[*answer]bool{}
	}
	f.answers[a] = true
}

func (f *flights) remove(a *answer) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	delete(f.answers, a)
}

func (f *flights) all() []*answer {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	list := make([]*answer, 0, len(f.answers))
	for a := range f.answers {
		list = append(list, a)
	}
	return list
}
