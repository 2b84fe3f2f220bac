package gpt4all

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
)

// identity is what is known of a file that is to come, so as to tell whether two answers are about the same one.
type identity struct {
	Key          string  `json:"key"`           // where it is from
	Size         *int64  `json:"size"`          // in bytes
	ETag         *string `json:"etag"`          // a strong one, with its quotes
	LastModified *string `json:"last_modified"` //
	SHA256       *string `json:"sha256"`        // of the content
}

func same[T comparable](one, other *T) bool {
	return one == nil && other == nil || one != nil && is(other, *one)
}

func is[T comparable](one *T, value T) bool { return one != nil && *one == value }

// or is the first that is known.
func or[T any](one, other *T) *T {
	if one != nil {
		return one
	}
	return other
}

func (i *identity) equals(other *identity) bool {
	return other != nil && i.Key == other.Key && same(i.Size, other.Size) && same(i.ETag, other.ETag) &&
		same(i.LastModified, other.LastModified) && same(i.SHA256, other.SHA256)
}

// mayContinue tells whether bytes of the one may be followed by bytes of the other.
//
// If both hashes are known they decide, wherever the bytes are from. Otherwise the place must be the same, and something
// that changes with the content.
func (i *identity) mayContinue(other *identity) bool {
	if i.Size != nil && other.Size != nil && *i.Size != *other.Size {
		return false
	}
	if i.SHA256 != nil && other.SHA256 != nil {
		return *i.SHA256 == *other.SHA256
	}
	if i.Key != other.Key {
		return false
	}
	if i.ETag != nil || other.ETag != nil {
		return same(i.ETag, other.ETag)
	}
	return i.LastModified != nil && same(i.LastModified, other.LastModified)
}

// part is the .part file of a download and, beside it, the .part.json with its identity. Used under the download's lock.
type part struct {
	target  string
	path    string
	state   string
	withMD5 bool
	digests map[string]hash.Hash
	hashed  int64
}

func newPart(target string, withMD5 bool) *part {
	made := &part{target: target, path: stateFile(target, ".part"), state: stateFile(target, ".part.json"),
		withMD5: withMD5}
	made.forget()
	return made
}

// forget starts the hashes over. MD5 is for files of which an old catalogue has nothing better.
func (p *part) forget() {
	p.digests, p.hashed = map[string]hash.Hash{"sha256": sha256.New()}, 0
	if p.withMD5 {
		p.digests["md5"] = md5.New()
	}
}

// length is the bytes that are there; 0 if it is not known what they belong to.
func (p *part) length() int64 {
	info, err := os.Stat(p.path)
	if err != nil || p.identity() == nil {
		return 0
	}
	return info.Size()
}

// identity is what the bytes are a part of; nil if that is not known.
func (p *part) identity() *identity {
	var saved identity
	if !readState(p.state, &saved) || saved.Key == "" {
		return nil
	}
	return &saved
}

// start makes it empty, to become a part of something.
func (p *part) start(of *identity) error {
	// Emptied first, so that whenever the process is killed no bytes lie beside a description of other ones.
	err := os.WriteFile(p.path, nil, 0o666)
	if err == nil {
		err = writeState(p.state, of)
	}
	p.forget()
	return diskError(p.path, err)
}

// learn notes what an answer said about the file that these bytes are from.
func (p *part) learn(of *identity) error {
	if of.equals(p.identity()) {
		return nil
	}
	return diskError(p.path, writeState(p.state, of))
}

func (p *part) remove() error {
	var err error
	for _, each := range []string{p.state, p.path} {
		if wrong := os.Remove(each); wrong != nil && !errors.Is(wrong, os.ErrNotExist) {
			err = wrong
		}
	}
	p.forget()
	return diskError(p.path, err)
}

// write adds a block at the end, which is hashed as well.
func (p *part) write(out *os.File, block []byte) error {
	if _, err := out.Write(block); err != nil {
		return diskError(p.path, err)
	}
	p.add(block)
	return nil
}

func (p *part) add(block []byte) {
	for _, each := range p.digests {
		each.Write(block)
	}
	p.hashed += int64(len(block))
}

// sums is the sha256, and the md5 if wanted, of all bytes, in hexadecimal.
func (p *part) sums(report *reporter) (map[string]string, error) {
	if err := p.catchUp(report); err != nil {
		return nil, err
	}
	found := map[string]string{}
	for name, each := range p.digests {
		found[name] = hex.EncodeToString(each.Sum(nil))
	}
	return found, nil
}

// catchUp hashes the bytes that an earlier process left.
func (p *part) catchUp(report *reporter) error {
	total := p.length()
	if p.hashed > total {
		p.forget()
	}
	if p.hashed == total {
		return nil
	}
	file, err := os.Open(p.path)
	if err != nil {
		return diskError(p.path, err)
	}
	defer file.Close()
	if _, err := file.Seek(p.hashed, io.SeekStart); err != nil {
		return diskError(p.path, err)
	}
	buffer := make([]byte, 1<<20)
	for {
		count, err := file.Read(buffer)
		p.add(buffer[:count])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return diskError(p.path, err)
		}
		if err := report.report(PhaseChecking, p.hashed, total); err != nil {
			return err
		}
	}
}
