package chaosctl

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"chaosctl/metrics"
	"chaosctl/runner"
)

// heartbeat is the longest silence of a campaign that nobody watches on a terminal.
const heartbeat = 30 * time.Second

// progress tells people on stderr where a campaign is: a bar on a terminal, else a line for each
// cycle.
type progress struct {
	campaign runner.Campaign
	now      func() time.Time
	verbose  bool
	ended    chan struct{}
	wait     sync.WaitGroup

	mu    sync.Mutex // protects the rest
	out   io.Writer
	bar   *bar // nil without a terminal
	done  int
	acked int
	last  time.Time      // when something was said
	where runner.Message // the last word of a shard
}

func (w World) progress(campaign runner.Campaign, quiet, verbose bool) *progress {
	p := &progress{campaign: campaign, now: w.Now, verbose: verbose, out: w.Stderr, ended: make(chan struct{}), last: w.Now()}
	switch {
	case quiet:
		p.out = io.Discard
	case w.Terminal && !verbose && w.Getenv("TERM") != "dumb":
		p.bar = newBar(w.Stderr, p.planned(), w.Getenv("NO_COLOR") == "")
	default:
		p.say(fmt.Sprintf("campaign=%s seed=%s faults=%d cycles=%d", campaign.ID, campaign.Seed, len(campaign.Faults), p.planned()))
		p.wait.Go(p.beat)
	}
	return p
}

func (p *progress) planned() int { return p.campaign.Cycles * len(p.campaign.Faults) }

// close ends the progress; nothing is printed after it.
func (p *progress) close() {
	close(p.ended)
	p.wait.Wait()
	if p.bar != nil {
		p.bar.close()
	}
}

// say prints a line of its own.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.print(text)
}

// print prints a line; the caller holds the mutex, or is alone.
func (p *progress) print(text string) {
	p.last = p.now()
	if p.bar != nil {
		p.bar.clear()
		fmt.Fprintln(p.out, text)
		return
	}
	fmt.Fprintf(p.out, "%s %s\n", p.last.UTC().Format(time.RFC3339), text)
}

// observe takes what shards tell.
func (p *progress) observe(m runner.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case m.Progress != nil:
		p.where = m
		if p.verbose {
			p.print(stageLine(*m.Progress))
		}
	case m.Record != nil:
		p.done++
		p.acked += m.Record.Acked
		switch {
		case p.bar == nil:
			p.print(cycleLine(*m.Record, p.campaign.Cycles))
		case m.Record.Verdict != metrics.Pass:
			p.print(cycleLine(*m.Record, p.campaign.Cycles))
		}
	case m.Died != "":
		p.print("died=" + strconv.Quote(m.Died))
	}
	if p.bar != nil {
		p.bar.show(p.done, p.acked, p.where.Progress)
	}
}

// beat breaks the silence of a campaign that takes its time.
func (p *progress) beat() {
	tick := time.NewTicker(heartbeat / 10)
	defer tick.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-tick.C:
			p.beatOnce()
		}
	}
}

func (p *progress) beatOnce() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now().Sub(p.last) < heartbeat {
		return
	}
	line := fmt.Sprintf("alive=true cycles=%d/%d", p.done, p.planned())
	if at := p.where.Progress; at != nil {
		line += " " + stageLine(*at)
	}
	p.print(line)
}

func stageLine(at runner.Progress) string {
	return fmt.Sprintf("cycle=%d fault=%s stage=%s acked=%d", at.Cycle, at.Fault, at.Stage, at.Acked)
}

// cycleLine is a cycle in the keys of logfmt.
func cycleLine(r metrics.Record, cycles int) string {
	line := fmt.Sprintf("cycle=%d/%d fault=%s ok=%d qnm=%d fail=%d counts=%s bound=%s converge_ms=%s result=%s",
		r.Cycle, cycles, r.Fault, r.OK, r.QuorumNotMet, r.Fail,
		strings.Join([]string{count(r.CountNode0), count(r.CountNode1), count(r.CountNode2)}, ","),
		decimal(r.ConvergenceBound, 3), decimal(slowest(r.ConvergeMS), 0), r.Verdict)
	if len(r.Flags) > 0 {
		line += " flags=" + strings.Join(r.Flags, ",")
	}
	if r.HarnessError != nil {
		line += " error=" + strconv.Quote(*r.HarnessError)
	}
	return line
}

// slowest is the time the last node took to converge; nil when one never did, or none was asked.
func slowest(nodes map[string]*float64) *float64 {
	var worst *float64
	for _, ms := range nodes {
		if ms == nil {
			return nil
		}
		if worst == nil || *ms > *worst {
			worst = ms
		}
	}
	return worst
}

// unknown is how a number that nobody knows is printed.
const unknown = "-"

func count(n *int) string {
	if n == nil {
		return unknown
	}
	return strconv.Itoa(*n)
}

func decimal(f *float64, digits int) string {
	if f == nil {
		return unknown
	}
	return strconv.FormatFloat(*f, 'f', digits, 64)
}
