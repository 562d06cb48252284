package memory

import "time"

// MaxLifetime is the longest that a tier's lifetime or extension may be (contract section 4.3).
const MaxLifetime = 10 * 365 * 24 * time.Hour

// Lifetimes says how long the memories of each tier live when nobody says otherwise (contract
// section 4.3). A lifetime of zero or less is endless; one above MaxLifetime counts as that.
type Lifetimes struct {
	Short, Mid, Long time.Duration // from a memory's creation
	// ShortExtend and MidExtend are what a touch grants from then on; negative ones count as zero.
	ShortExtend, MidExtend time.Duration
}

// DefaultLifetimes returns those of the contract: short ones live 6 hours, mid ones 7 days, long
// ones for ever; a touch grants an hour and a day.
func DefaultLifetimes() Lifetimes {
	return Lifetimes{
		Short: 6 * time.Hour, Mid: 7 * 24 * time.Hour,
		ShortExtend: time.Hour, MidExtend: 24 * time.Hour,
	}
}

// Expiry returns when a memory of a tier expires that begins to live now; nil for never, which
// is also the answer for an unknown tier.
func (l Lifetimes) Expiry(t Tier, now time.Time) *string {
	var life time.Duration
	switch t {
	case Short:
		life = l.Short
	case Mid:
		life = l.Mid
	case Long:
		life = l.Long
	}
	if life <= 0 {
		return nil
	}
	at := FormatTime(now.Add(min(life, MaxLifetime)))
	return &at
}

// Extension returns how much longer than now a memory of a tier lives that is touched and has an
// expiry: between zero and MaxLifetime, and zero for long ones, whose expiry a touch leaves.
func (l Lifetimes) Extension(t Tier) time.Duration {
	var more time.Duration
	switch t {
	case Short:
		more = l.ShortExtend
	case Mid:
		more = l.MidExtend
	case Long:
	}
	return min(max(more, 0), MaxLifetime)
}
