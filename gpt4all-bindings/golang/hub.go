package gpt4all

import (
	"context"
	"encoding/json"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
)

var sha256Text = regexp.MustCompile(`^[0-9a-f]{64}$`)

// quoted is a path of the hub in an address.
func quoted(file string) string {
	var steps []string
	for _, each := range strings.Split(file, "/") {
		steps = append(steps, url.PathEscape(each))
	}
	return strings.Join(steps, "/")
}

// onHub is where a file of the hub is. Its hash is read off the answer.
func onHub(source Source, known identity, settings *DownloadSettings) *remote {
	address := settings.HubEndpoint + "/" + source.Repo + "/resolve/" + url.PathEscape(source.Revision) + "/" +
		quoted(source.File)
	return &remote{address, known, hubSecret(settings), func(known identity, answer *response) identity {
		return learnFromHub(known, answer, settings)
	}}
}

func hubSecret(settings *DownloadSettings) *secret {
	if settings.HubToken == "" {
		return nil
	}
	return &secret{settings.HubEndpoint, settings.HubToken}
}

// learnFromHub adds what the hub itself said, before it passed us on to where the bytes are.
func learnFromHub(known identity, answer *response, settings *DownloadSettings) identity {
	for _, each := range append(answer.hops, hop{answer.address, answer.Header}) {
		tag := strings.TrimPrefix(strings.TrimSpace(each.header.Get("X-Linked-Etag")), "W/")
		tag = strings.ToLower(strings.Trim(tag, `"`))
		if !sameHost(each.address, settings.HubEndpoint) || !sha256Text.MatchString(tag) {
			continue
		}
		known.SHA256 = &tag
		if size, err := strconv.ParseInt(each.header.Get("X-Linked-Size"), 10, 64); err == nil && known.Size == nil {
			known.Size = &size
		}
		return known
	}
	return known
}

// askHub is the SHA-256 that the hub's list has of a file; empty if it has none, as for small files, or cannot be had.
func askHub(ctx context.Context, source Source, client *client) string {
	folder := path.Dir(source.File)
	if folder == "." {
		folder = ""
	}
	address := client.settings.HubEndpoint + "/api/models/" + source.Repo + "/tree/" + url.PathEscape(source.Revision) +
		"/" + quoted(folder)
	answer, err := client.get(ctx, strings.TrimRight(address, "/"), nil, hubSecret(client.settings))
	if err != nil {
		return ""
	}
	defer answer.end()
	text, err := answer.text(client.settings.Stall)
	if err != nil {
		return ""
	}
	var rows []struct {
		Path string `json:"path"`
		LFS  struct {
			OID string `json:"oid"`
		} `json:"lfs"`
	}
	if json.Unmarshal([]byte(text), &rows) != nil {
		return ""
	}
	for _, each := range rows {
		if each.Path == source.File && sha256Text.MatchString(each.LFS.OID) {
			return each.LFS.OID
		}
	}
	return ""
}
