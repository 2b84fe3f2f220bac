package gpt4all

import (
	"os"
	"path/filepath"
	"strings"
)

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
