package gpt4all

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	enoughProgress = 64 << 10 // bytes that a try must bring for the count of failed ones to start over
	fewRetries     = 2        // for servers that contradict themselves, or are not there
)

// remote is where a file is, and what is known of it beforehand.
type remote struct {
	address  string
	identity identity
	secret   *secret
	learn    func(known identity, answer *response) identity // more out of an answer, such as the hub's hash
}

// fetch is one run of fetching one address into its .part, through whatever the network does to it.
type fetch struct {
	client    *client
	remote    *remote
	target    string
	settings  *DownloadSettings
	report    *reporter
	ranges    bool
	identity  identity
	continued bool // whether bytes were kept that an earlier answer had sent
}

// run brings the part to its full length, whose hash is still to be checked. What came before a failure stays.
func (f *fetch) run(p *part) error {
	failures, furthest := 0, int64(0)
	for {
		err := f.try(p)
		var failure *Error
		if err == nil || !errors.As(err, &failure) || failure.Kind.is(ErrCancellation) {
			return err
		}
		if !failure.Kind.is(ErrConnectionFailed) && failure.Kind != ErrProtocol && failure.Kind != ErrHTTPStatus {
			return err
		}
		failures++
		if length := p.length(); length >= furthest+enoughProgress {
			furthest, failures = length, 1
		}
		if err := f.wait(failure, failures, p); err != nil {
			return err
		}
	}
}

func (f *fetch) wait(failure *Error, failures int, p *part) error {
	asked, transient := failure.Detail["retry_after_seconds"].(float64)
	if failure.Kind == ErrHTTPStatus && !transient {
		return failure // 404 and the like stay as they are
	}
	limit := f.settings.Retries
	if failure.Kind == ErrProtocol {
		f.ranges = f.ranges && failures < fewRetries
	}
	if failure.Kind == ErrProtocol || failure.Kind == ErrUnreachable {
		limit = min(limit, fewRetries)
	}
	pause := time.Duration(float64(f.settings.Backoff<<min(failures-1, 20)) * (0.5 + rand.Float64()/2))
	pause = max(min(pause, f.settings.LongestWait), time.Duration(asked*float64(time.Second)))
	if failures > limit || pause > f.settings.LongestWait {
		return failure
	}
	return f.report.sleep(pause, PhaseDownloading, p.length(), totalOf(f.identity.Size))
}

func totalOf(size *int64) int64 {
	if size == nil {
		return -1
	}
	return *size
}

// try makes one request, after which the file is complete.
func (f *fetch) try(p *part) error {
	start, err := f.start(p)
	if err != nil || start > 0 && is(f.identity.Size, start) {
		return err
	}
	answer, err := f.client.get(f.report.ctx, f.remote.address, headersFrom(start, p), f.remote.secret)
	if err != nil {
		return f.orCancelled(err)
	}
	defer answer.end()
	where := redacted(answer.address)
	if answer.StatusCode == 416 {
		if err := p.remove(); err != nil {
			return err
		}
		return newError(ErrProtocol, "%s says that it has no byte %d of the file", where, start)
	}
	length, err := f.check(answer, start, p)
	if err != nil {
		return err
	}
	if err := f.receive(answer, p, length); err != nil {
		if errors.Is(err, ErrProtocol) {
			if removed := p.remove(); removed != nil {
				return removed
			}
			return err
		}
		return f.orCancelled(err)
	}
	if f.identity.Size == nil {
		f.identity.Size = Ptr(p.length())
	}
	if length := p.length(); length != *f.identity.Size {
		return newError(ErrConnectionFailed, "%s sent the file up to byte %d of %d", where, length, *f.identity.Size)
	}
	return nil
}

// orCancelled is an error, unless the context is the reason for it.
func (f *fetch) orCancelled(err error) error {
	if f.report.ctx.Err() != nil {
		return f.report.report(PhaseDownloading, 0, -1)
	}
	return err
}

// start is how many bytes there are to go on from. What cannot be used stays until something better comes.
func (f *fetch) start(p *part) (int64, error) {
	there, length := p.identity(), p.length()
	known := f.identity
	f.continued = false
	if there == nil || !f.ranges || length == 0 {
		return 0, nil
	}
	if known.Key == there.Key { // the answer to come will say whether it is still the same file
		merged := *there
		merged.Size, merged.SHA256 = or(known.Size, there.Size), or(known.SHA256, there.SHA256)
		merged.ETag = or(known.ETag, there.ETag)
		known = merged
	}
	if !known.mayContinue(there) || known.Size != nil && length > *known.Size {
		return 0, nil
	}
	if err := p.catchUp(f.report); err != nil {
		return 0, err
	}
	f.identity = known
	f.continued = true
	return length, nil
}

func headersFrom(start int64, p *part) map[string]string {
	headers := map[string]string{}
	if start > 0 {
		headers["Range"] = fmt.Sprintf("bytes=%d-", start)
		// Where the hash is known, other hosts may go on with the same file under another tag.
		if there := p.identity(); there != nil && there.ETag != nil && there.SHA256 == nil {
			headers["If-Range"] = *there.ETag
		}
	}
	return headers
}

// check makes the part ready for the body, and tells how many bytes that must have; -1 if the answer does not say.
func (f *fetch) check(answer *response, start int64, p *part) (int64, error) {
	where := redacted(answer.address)
	if answer.isPage() {
		return 0, newError(ErrProtocol, "%s sent a web page instead of the file; the network may require a login", where)
	}
	begin, length, total := int64(0), answer.ContentLength, answer.ContentLength
	if answer.StatusCode == 206 {
		first, last, all, err := answer.span()
		if err != nil {
			return 0, err
		}
		if first != start || first > last || last >= all || length >= 0 && length != last-first+1 {
			return 0, newError(ErrProtocol, "%s was asked for the file from byte %d on and sent bytes %d to %d of %d in a "+
				"body of %d", where, start, first, last, all, length)
		}
		begin, length, total = first, last-first+1, all
	}
	found, err := f.identityOf(answer, total)
	if err != nil {
		return 0, err
	}
	if begin == 0 {
		if err := p.start(&found); err != nil {
			return 0, err
		}
		f.continued = false
	} else if there := p.identity(); there != nil && !found.mayContinue(there) {
		if err := p.remove(); err != nil {
			return 0, err
		}
		f.identity = f.remote.identity
		return 0, newError(ErrConnectionFailed, "%s has another file now than when the download began", where)
	}
	f.identity = found
	if err := p.learn(&found); err != nil {
		return 0, err
	}
	if found.Size != nil {
		if err := checkSpace(filepath.Dir(p.path), *found.Size-begin, filepath.Base(f.target)); err != nil {
			return 0, err
		}
	}
	if length < 0 && !answer.isChunked() && found.Size == nil && found.SHA256 == nil {
		return 0, newError(ErrProtocol, "%s does not say how long the file is, so that its end is unknown", where)
	}
	return length, nil
}

// identityOf is what this answer says of the file, on top of what was known.
func (f *fetch) identityOf(answer *response, total int64) (identity, error) {
	where, known := redacted(answer.address), f.remote.identity
	if f.remote.learn != nil {
		known = f.remote.learn(known, answer)
	}
	if known.Size != nil && total >= 0 && *known.Size != total {
		return known, newError(ErrProtocol, "%s has a file of %d bytes where %s has %d", where, total,
			filepath.Base(f.target), *known.Size)
	}
	if expected := f.remote.identity.SHA256; expected != nil && !is(known.SHA256, *expected) {
		return known, newError(ErrChecksum, "%s has another file, with SHA-256 %s and not %s", where, *known.SHA256,
			*expected)
	}
	if known.Size == nil && total >= 0 {
		known.Size = &total
	}
	known.ETag, known.LastModified = nil, nil
	if tag := strings.TrimSpace(answer.Header.Get("ETag")); strings.HasPrefix(tag, `"`) {
		known.ETag = &tag // a weak one may stay when bytes change
	}
	if modified := answer.Header.Get("Last-Modified"); modified != "" {
		known.LastModified = &modified
	}
	return known, nil
}

func (f *fetch) receive(answer *response, p *part, length int64) (err error) {
	done, total := p.length(), totalOf(f.identity.Size)
	end := total
	if length >= 0 {
		end = done + length
	}
	out, err := os.OpenFile(p.path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return diskError(p.path, err)
	}
	defer func() {
		if closed := out.Close(); err == nil {
			err = diskError(p.path, closed)
		}
	}()
	if err := f.report.report(PhaseDownloading, done, total); err != nil {
		return err
	}
	err = answer.blocks(f.settings.Stall, func(block []byte) error {
		if end >= 0 && done+int64(len(block)) > end {
			return newError(ErrProtocol, "%s sent more than the %d bytes that the file has", redacted(answer.address), end)
		}
		if err := p.write(out, block); err != nil {
			return err
		}
		done += int64(len(block))
		return f.report.report(PhaseDownloading, done, total)
	})
	if err != nil {
		return err
	}
	return diskError(p.path, out.Sync())
}
