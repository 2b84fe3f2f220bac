package gpt4all

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"
)

const hub = "https://huggingface.co"

// DownloadSettings is how to download. [DefaultDownloadSettings] takes them from the environment.
//
// Proxies are configured as for net/http: $HTTPS_PROXY, $NO_PROXY. Certificates are those of the system, or of
// $SSL_CERT_FILE.
type DownloadSettings struct {
	// Never use the network ($GPT4ALL_OFFLINE or $HF_HUB_OFFLINE).
	Offline bool
	// An address; for models in the catalogue, <mirror>/<file name> is tried first ($GPT4ALL_MIRROR).
	Mirror string
	// Replaces https://huggingface.co ($HF_ENDPOINT).
	HubEndpoint string
	// Sent only to the hub's host ($HF_TOKEN).
	HubToken string
	// Whether plain HTTP to other machines is allowed ($GPT4ALL_ALLOW_HTTP).
	AllowHTTP bool
	// Limit for connecting.
	Connect time.Duration
	// How long the server may send next to nothing.
	Stall time.Duration
	// Attempts after the first that make no progress; any progress restarts the count.
	Retries int
	// Wait before the first retry, doubled for each further one.
	Backoff time.Duration
	// Limit for any one wait; if a server asks for a longer one (Retry-After), the download gives up on it.
	LongestWait time.Duration
}

// DefaultDownloadSettings is what is used where nothing is given. Fails with [ErrInvalidArgument] for a variable of the
// environment that is neither yes nor no.
func DefaultDownloadSettings() (DownloadSettings, error) {
	settings := DownloadSettings{
		Mirror: address("GPT4ALL_MIRROR"), HubEndpoint: address("HF_ENDPOINT"), HubToken: variable("HF_TOKEN"),
		Connect: 10 * time.Second, Stall: 30 * time.Second, Retries: 5, Backoff: 500 * time.Millisecond,
		LongestWait: time.Minute,
	}
	if settings.HubEndpoint == "" {
		settings.HubEndpoint = hub
	}
	ours, err := isOn("GPT4ALL_OFFLINE")
	if err != nil {
		return settings, err
	}
	theirs, err := isOn("HF_HUB_OFFLINE")
	if err != nil {
		return settings, err
	}
	settings.Offline = ours || theirs
	settings.AllowHTTP, err = isOn("GPT4ALL_ALLOW_HTTP")
	return settings, err
}

func variable(name string) string { return strings.TrimSpace(os.Getenv(name)) }

func address(name string) string { return strings.TrimRight(variable(name), "/") }

func isOn(name string) (bool, error) {
	value := strings.ToLower(variable(name))
	if slices.Contains([]string{"1", "true", "yes", "on", "y", "t"}, value) {
		return true, nil
	}
	if slices.Contains([]string{"", "0", "false", "no", "off", "n", "f"}, value) {
		return false, nil
	}
	return false, newError(ErrInvalidArgument, "the environment variable %s is %q; set it to 1 or 0", name, value)
}

// Phases of a download.
const (
	PhaseWaiting     = "waiting"     // for another process that is fetching the same file
	PhaseChecking    = "checking"    // what an earlier run left
	PhaseDownloading = "downloading" //
	PhaseVerifying   = "verifying"   // a file that is there
)

// DownloadProgress is how far a download is.
type DownloadProgress struct {
	// One of the phases above.
	Phase string
	Done  int64
	// -1 while it is not known.
	Total int64
}

// reporter passes progress on, not too often.
type reporter struct {
	ctx       context.Context
	progress  func(DownloadProgress) bool
	what      string
	lastPhase string
	lastTime  time.Time
}

// report fails with ErrCancellation once the listener returns false, or the context is done.
func (r *reporter) report(phase string, done, total int64) error {
	if r.ctx.Err() != nil {
		return r.cancelled().from(endOf(r.ctx))
	}
	now := time.Now()
	if r.progress == nil || phase == r.lastPhase && now.Sub(r.lastTime) < 50*time.Millisecond && done != total {
		return nil
	}
	r.lastPhase, r.lastTime = phase, now
	if !r.progress(DownloadProgress{phase, done, total}) {
		return r.cancelled()
	}
	return nil
}

func (r *reporter) cancelled() *Error {
	return newError(ErrCancellation, "the download of %s was cancelled; the next one will resume from there", r.what)
}

// sleep waits, while the listener may still cancel.
func (r *reporter) sleep(wait time.Duration, phase string, done, total int64) error {
	end := time.Now().Add(wait)
	for {
		if err := r.report(phase, done, total); err != nil {
			return err
		}
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		select {
		case <-time.After(min(left, 100*time.Millisecond)):
		case <-r.ctx.Done():
		}
	}
}
