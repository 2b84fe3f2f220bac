package gpt4all

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const longestName = 200 // bytes: file systems take 255, and partial files add to the name

var (
	// Names that are devices on Windows, with any extension.
	deviceName    = regexp.MustCompile(`(?is)^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$`)
	forbidden     = regexp.MustCompile(`[\x00-\x1f\x7f/\\:*?"<>|]`)
	splitName     = regexp.MustCompile(`-(\d{5})-of-(\d{5})\.gguf$`)
	hubName       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	hubHosts      = []string{"huggingface.co", "www.huggingface.co", "hf.co"}
	hubNameFormat = "hf://owner/repository/file.gguf, optionally with @revision at the end"
)

// reference is a model that can be downloaded. relative: where in a folder for models it lies, with / between names.
type reference struct {
	relative string
	sources  []Source
	entry    *CatalogueEntry
}

// parts is all files of a model that is split over several, in order; otherwise just this one.
func (r *reference) parts() ([]*reference, error) {
	source := r.sources[0]
	if r.entry != nil || source.Type != "huggingface" {
		return []*reference{r}, nil
	}
	folder, name := path.Split(source.File)
	var all []*reference
	for _, each := range splitNames(name) {
		source.File = folder + each
		part, err := hubReference(source)
		if err != nil {
			return nil, err
		}
		all = append(all, part)
	}
	return all, nil
}

// splitNames is the names of all files of a model that is split over several; otherwise just this one.
func splitNames(name string) []string {
	found := splitName.FindStringSubmatch(name)
	if found == nil {
		return []string{name}
	}
	number, _ := strconv.Atoi(found[1])
	count, _ := strconv.Atoi(found[2])
	if number < 1 || number > count || count > 1000 {
		return []string{name}
	}
	var names []string
	for each := 1; each <= count; each++ {
		names = append(names, fmt.Sprintf("%s-%05d-of-%05d.gguf", strings.TrimSuffix(name, found[0]), each, count))
	}
	return names
}

func invalidName(name, format string, values ...any) error {
	return newError(ErrInvalidName, format, values...).with(map[string]any{"name": name})
}

// parseName is what a text stands for: a name in the catalogue, or an address; nil if it is neither.
func parseName(text string) (*reference, error) {
	scheme, rest, isAddress := strings.Cut(text, "://")
	switch scheme = strings.ToLower(scheme); {
	case !isAddress:
		if entry := Find(text); entry != nil {
			return entryReference(entry)
		}
		return nil, nil
	case scheme == "hf":
		return parseHub(text, rest)
	case scheme == "https" || scheme == "http":
		return parseAddress(text)
	}
	return nil, invalidName(text, "%q cannot be downloaded: models come from hf://, from https:// or by name", text)
}

func entryReference(entry *CatalogueEntry) (*reference, error) {
	return &reference{entry.File, entry.Sources, entry}, checkFileName(entry.File)
}

func hubReference(source Source) (*reference, error) {
	if entry := entryWith(source); entry != nil {
		return entryReference(entry)
	}
	owner, name, _ := strings.Cut(source.Repo, "/")
	if source.Revision != "main" {
		name += "@" + strings.ReplaceAll(source.Revision, "/", "_")
	}
	for _, each := range append([]string{owner, name}, strings.Split(source.File, "/")...) {
		if err := checkFileName(each); err != nil {
			return nil, err
		}
	}
	return &reference{path.Join("hf", owner, name, source.File), []Source{source}, nil}, nil
}

func entryWith(source Source) *CatalogueEntry {
	for _, each := range theCatalogue().entries {
		if slices.Contains(each.Sources, source) {
			return Find(each.File)
		}
	}
	return nil
}

func parseHub(text, rest string) (*reference, error) {
	owner, rest, _ := strings.Cut(rest, "/")
	repo, file, _ := strings.Cut(rest, "/")
	repo, revision, at := strings.Cut(repo, "@")
	if index := strings.LastIndex(file, "@"); !at && index >= 0 && !strings.HasSuffix(file, ".gguf") {
		file, revision, at = file[:index], file[index+1:], true
	}
	if at && revision == "" {
		return nil, invalidName(text, "%q names an empty revision; write %s", text, hubNameFormat)
	}
	if !at {
		revision = "main"
	}
	return hubSource(text, owner, repo, file, revision)
}

func hubSource(text, owner, repo, file, revision string) (*reference, error) {
	named := file != ""
	for _, each := range append([]string{owner, repo}, strings.Split(revision, "/")...) {
		named = named && hubName.MatchString(each)
	}
	if !named {
		return nil, invalidName(text, "%q does not name a file of the hub; write %s", text, hubNameFormat)
	}
	return hubReference(Source{Type: "huggingface", Repo: owner + "/" + repo, File: file, Revision: revision})
}

func parseAddress(text string) (*reference, error) {
	parts, err := url.Parse(text)
	if err != nil {
		return nil, invalidName(text, "%q is not an address: %v", text, err)
	}
	steps := strings.Split(strings.Trim(parts.Path, "/"), "/")
	if parts.Scheme == "https" && slices.Contains(hubHosts, parts.Hostname()) && len(steps) >= 5 &&
		(steps[2] == "resolve" || steps[2] == "blob") {
		return hubSource(text, steps[0], steps[1], strings.Join(steps[4:], "/"), steps[3])
	}
	source := Source{Type: "https", URL: text}
	if entry := entryWith(source); entry != nil {
		return entryReference(entry)
	}
	if parts.Hostname() == "" {
		return nil, invalidName(text, "%q has no host", text)
	}
	name := steps[len(steps)-1]
	// Two addresses may end in the same name, so that the name alone would mix them up.
	digest := sha256.Sum256([]byte(text))
	folder := hex.EncodeToString(digest[:])[:12]
	return &reference{path.Join("url", folder, name), []Source{source}, nil}, checkFileName(name)
}

// checkFileName refuses names that some file system does not take, or that do not stay in their folder.
func checkFileName(name string) error {
	if why := wrongName(name); why != "" {
		return invalidName(name, "%q cannot be a model's file name: %s", name, why)
	}
	return nil
}

func wrongName(name string) string {
	switch {
	case strings.Trim(name, ". ") == "":
		return "it is empty or made of dots"
	case forbidden.MatchString(name):
		return fmt.Sprintf("it contains %q", forbidden.FindString(name))
	case name != strings.TrimSpace(name) || strings.HasSuffix(name, "."):
		return "it starts or ends with a space, or ends with a dot"
	case strings.HasPrefix(name, "."):
		return "it starts with a dot"
	case deviceName.MatchString(name):
		return "it is the name of a device on Windows"
	case !utf8.ValidString(name):
		return "it is not valid Unicode"
	case len(name) > longestName:
		return fmt.Sprintf("it is longer than %d bytes", longestName)
	}
	return ""
}
