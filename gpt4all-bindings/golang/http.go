package gpt4all

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	mostRedirects = 10
	longestText   = 32 << 20 // bytes of a page of JSON
)

var contentRange = regexp.MustCompile(`^bytes (\d+)-(\d+)/(\d+)$`)

// redacted is an address without what may be secret in it: name, password, query.
func redacted(address string) string {
	parts, err := url.Parse(address)
	if err != nil {
		return "(a malformed address)"
	}
	parts.User, parts.Fragment = nil, ""
	if parts.RawQuery != "" {
		parts.RawQuery = "…"
	}
	return parts.String()
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// checkAddress refuses an address that may not be used, after a redirect from previous if that is given.
func checkAddress(address string, settings *DownloadSettings, previous string) error {
	parts, err := url.Parse(address)
	if err != nil {
		return newError(ErrInsecureURL, "%q is not an address: %v", address, err)
	}
	if parts.Hostname() == "" || parts.Scheme != "http" && parts.Scheme != "https" {
		return newError(ErrInsecureURL, "%q is not an https:// address, and nothing else is downloaded from",
			redacted(address))
	}
	fromHere := previous == "" || isLoopback(hostOf(previous))
	if parts.Scheme == "http" && !settings.AllowHTTP && !(isLoopback(parts.Hostname()) && fromHere) {
		return newError(ErrInsecureURL,
			"%s is plain HTTP, which anyone on the way can change; use https, or set GPT4ALL_ALLOW_HTTP=1",
			redacted(address))
	}
	return nil
}

func hostOf(address string) string {
	parts, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return parts.Hostname()
}

// sameHost tells whether two addresses have the same scheme, host and port.
func sameHost(one, other string) bool {
	a, errA := url.Parse(one)
	b, errB := url.Parse(other)
	return errA == nil && errB == nil && a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// secret is a token that only the host of an address may see.
type secret struct{ address, token string }

// hop is a redirect that led to an answer.
type hop struct {
	address string
	header  http.Header
}

// response is an answer whose body is still to be read.
type response struct {
	*http.Response
	address string
	hops    []hop
	end     context.CancelFunc
}

// client opens addresses, one at a time, and keeps no connection.
type client struct {
	settings  *DownloadSettings
	transport *http.Transport
}

func newClient(settings *DownloadSettings) *client {
	dialer := &net.Dialer{Timeout: settings.Connect}
	return &client{settings, &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSHandshakeTimeout: settings.Connect,
		ResponseHeaderTimeout: settings.Stall, DisableKeepAlives: true, DisableCompression: true,
		ForceAttemptHTTP2: true,
	}}
}

// get opens an address, after its redirects. It asks for the bytes as they are, uncompressed. Statuses but 200, 206 and
// 416 are ErrHTTPStatus.
func (c *client) get(ctx context.Context, origin string, header map[string]string, secret *secret) (*response, error) {
	var hops []hop
	address, previous := origin, ""
	for len(hops) <= mostRedirects {
		if err := checkAddress(address, c.settings, previous); err != nil {
			if previous == "" {
				return nil, err
			}
			return nil, newError(ErrRedirect, "%s leads elsewhere: %v", redacted(origin), err).from(err)
		}
		answer, end, err := c.open(ctx, address, header, secret)
		if err != nil {
			return nil, err
		}
		location := answer.Header.Get("Location")
		if location == "" || !slices.Contains([]int{301, 302, 303, 307, 308}, answer.StatusCode) {
			return checked(&response{answer, address, hops, end}, origin, secret)
		}
		end()
		hops = append(hops, hop{address, answer.Header})
		next, err := answer.Request.URL.Parse(location)
		if err != nil {
			return nil, newError(ErrRedirect, "%s leads to %.200q, which is not an address", redacted(address), location)
		}
		previous, address = address, next.String()
	}
	return nil, newError(ErrRedirect, "%s was redirected more than %d times", redacted(origin), mostRedirects)
}

func checked(answer *response, origin string, secret *secret) (*response, error) {
	if !slices.Contains([]int{200, 206, 416}, answer.StatusCode) {
		answer.end()
		return nil, statusError(answer, origin, secret)
	}
	coding := strings.ToLower(strings.TrimSpace(answer.Header.Get("Content-Encoding")))
	if coding != "" && coding != "identity" {
		answer.end()
		return nil, newError(ErrProtocol, "%s sent the file as %q though asked not to; a proxy may do that",
			redacted(origin), coding)
	}
	return answer, nil
}

func (c *client) open(
	ctx context.Context, address string, header map[string]string, secret *secret,
) (*http.Response, context.CancelFunc, error) {
	ctx, cancel := context.WithCancel(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		cancel()
		return nil, nil, newError(ErrRedirect, "%s is not an address: %v", redacted(address), err)
	}
	request.Header.Set("User-Agent", "gpt4all-golang")
	request.Header.Set("Accept-Encoding", "identity")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	if secret != nil && sameHost(address, secret.address) {
		request.Header.Set("Authorization", "Bearer "+secret.token)
	}
	answer, err := c.transport.RoundTrip(request)
	if err != nil {
		cancel()
		return nil, nil, connectionError(ctx, address, err)
	}
	return answer, func() {
		cancel()
		answer.Body.Close()
	}, nil
}

// connectionError is what kind of failure an error of net/http is.
func connectionError(ctx context.Context, address string, err error) error {
	where := redacted(address)
	kind, what := ErrConnectionFailed, "the connection to "+where+" broke"
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect"),
		errors.As(err, &certificate), errors.As(err, &record), strings.Contains(err.Error(), "TLS handshake timeout"):
		kind, what = ErrUnreachable, "no connection to "+where
	case errors.As(err, &timeout) && timeout.Timeout():
		kind, what = ErrStalled, where+" stopped sending"
	}
	return newError(kind, "%s: %v", what, innermost(err)).with(map[string]any{"url": where}).from(err)
}

// innermost is the cause in words: the layers around it only repeat it, with addresses in full.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

func statusError(answer *response, origin string, secret *secret) error {
	status, where := answer.StatusCode, redacted(origin)
	advice := ""
	switch {
	case status == 401 || status == 403:
		advice = "; a model behind a licence needs a token in HF_TOKEN"
		if secret != nil {
			advice = "; the token was not accepted"
		}
	case status == 404:
		advice = "; check the name of the repository and of the file"
	}
	detail := map[string]any{"url": where, "http_status": status}
	if status == 408 || status == 425 || status == 429 || status >= 500 {
		detail["retry_after_seconds"] = retryAfter(answer.Header.Get("Retry-After"))
	}
	reason := http.StatusText(status)
	if reason == "" {
		reason = "an unknown status"
	}
	return newError(ErrHTTPStatus, "%s answered %d (%s)%s", where, status, reason, advice).with(detail)
}

// retryAfter is the seconds that a server asks to wait, 0 if it does not say.
func retryAfter(text string) float64 {
	if seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31); err == nil {
		return float64(seconds)
	}
	if moment, err := http.ParseTime(strings.TrimSpace(text)); err == nil {
		return max(0, time.Until(moment).Seconds())
	}
	return 0
}

// isPage tells whether this is a web page, which no model is.
func (r *response) isPage() bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "text/html" || kind == "application/xhtml+xml"
}

func (r *response) isChunked() bool { return slices.Contains(r.TransferEncoding, "chunked") }

// span is what part of the file this is.
func (r *response) span() (first, last, total int64, err error) {
	text := r.Header.Get("Content-Range")
	found := contentRange.FindStringSubmatch(strings.TrimSpace(text))
	if found == nil {
		return 0, 0, 0, newError(ErrProtocol, "%s sent a part of the file with Content-Range %q", redacted(r.address), text)
	}
	for index, number := range []*int64{&first, &last, &total} {
		if *number, err = strconv.ParseInt(found[index+1], 10, 64); err != nil {
			return 0, 0, 0, newError(ErrProtocol, "%s sent a part of the file with Content-Range %q",
				redacted(r.address), text)
		}
	}
	return first, last, total, nil
}

// blocks gives the body, as it comes, to a function, until that fails. A body that ends too early is ErrConnectionFailed,
// a trickle ErrStalled.
func (r *response) blocks(stall time.Duration, take func([]byte) error) error {
	var silent atomic.Bool
	timer := time.AfterFunc(stall, func() {
		silent.Store(true)
		r.end()
	})
	defer timer.Stop()
	buffer := make([]byte, 1<<18)
	since, got := time.Now(), 0
	for {
		count, err := r.Body.Read(buffer)
		timer.Reset(stall)
		if count > 0 {
			if err := take(buffer[:count]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case silent.Load():
			return newError(ErrStalled, "%s stopped sending", redacted(r.address)).
				with(map[string]any{"url": redacted(r.address)})
		case err != nil:
			return connectionError(r.Request.Context(), r.address, err)
		}
		if got += count; got >= 1024 {
			since, got = time.Now(), 0
		} else if passed := time.Since(since); passed > stall {
			return newError(ErrStalled, "%s sent %d bytes in %.0f s; try again later or elsewhere",
				redacted(r.address), got, passed.Seconds())
		}
	}
}

// text is the whole body.
func (r *response) text(stall time.Duration) (string, error) {
	var body strings.Builder
	err := r.blocks(stall, func(block []byte) error {
		if body.Len()+len(block) > longestText {
			return newError(ErrProtocol, "%s sent over %d MiB where a page was expected", redacted(r.address),
				longestText>>20)
		}
		body.Write(block)
		return nil
	})
	if err != nil {
		return "", err
	}
	return body.String(), nil
}
