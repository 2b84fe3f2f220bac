package gpt4all

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stateFolder is the folder beside the models that holds what downloads need: partial files, locks, records.
const stateFolder = ".gpt4all"

// CacheFolder is the folder for everything kept for the user: $GPT4ALL_CACHE, or ~/.cache/gpt4all.
func CacheFolder() string {
	if named := os.Getenv("GPT4ALL_CACHE"); named != "" {
		return expanded(named)
	}
	return filepath.Join(homeFolder(), ".cache", "gpt4all")
}

// ModelsFolder is the folder that models are downloaded into: models in CacheFolder.
func ModelsFolder() string { return filepath.Join(CacheFolder(), "models") }

func homeFolder() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return "."
	}
	return home
}

// expanded puts the user's folder in the place of ~.
func expanded(path string) string {
	if path == "~" || strings.HasPrefix(path, "~/") {
		return filepath.Join(homeFolder(), path[1:])
	}
	return path
}

// searchFolders is where bare file names are looked up: ModelsFolder, and the folder that older releases used.
func searchFolders() []string {
	var all []string
	for _, each := range []string{ModelsFolder(), CacheFolder(), filepath.Join(homeFolder(), ".cache", "gpt4all")} {
		if !slices.Contains(all, each) {
			all = append(all, each)
		}
	}
	return all
}

// findLocal is the file that a name stands for, empty if there is none, and every path that was tried.
//
// A path stands for itself. A bare name is looked for in a folder, if one is given, then as a path, then where downloads
// go, each time also with ".gguf" behind it and by the catalogue's file name.
func findLocal(text string, known *reference, folder string) (found string, tried []string) {
	places := searchFolders()
	if folder != "" {
		places = append([]string{folder}, places...)
	}
	var candidates []string
	if strings.Contains(text, "://") {
		for _, each := range places {
			candidates = append(candidates, filepath.Join(each, filepath.FromSlash(known.relative)))
		}
	} else {
		candidates = candidatesFor(text, known, folder, places)
	}
	for _, each := range candidates {
		if slices.Contains(tried, each) {
			continue
		}
		tried = append(tried, each)
		if info, err := os.Stat(each); err == nil && info.Mode().IsRegular() {
			return each, tried
		}
	}
	return "", tried
}

func candidatesFor(text string, known *reference, folder string, places []string) []string {
	given := expanded(text)
	inside := !filepath.IsAbs(given) && !slices.Contains(strings.Split(filepath.ToSlash(given), "/"), "..")
	names := []string{text}
	if !strings.HasSuffix(text, ".gguf") && !strings.HasSuffix(text, ".bin") {
		names = append(names, text+".gguf")
	}
	var found []string
	if folder != "" && inside {
		for _, name := range names {
			found = append(found, filepath.Join(folder, name))
		}
	}
	found = append(found, given)
	if inside {
		for _, place := range places {
			for _, name := range names {
				found = append(found, filepath.Join(place, name))
			}
			if known != nil {
				found = append(found, filepath.Join(place, filepath.FromSlash(known.relative)))
			}
		}
	}
	return found
}
