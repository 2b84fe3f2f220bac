package gpt4all

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// DefaultModel is the model that commands take where none is named.
const DefaultModel = "SmolLM2-135M-Instruct-Q4_1.gguf"

// DefaultEmbeddingModel is the model that commands take where none for embeddings is named.
const DefaultEmbeddingModel = "all-MiniLM-L6-v2.gguf2.f16.gguf"

// ResolveOptions is how a model is found and downloaded.
type ResolveOptions struct {
	// Where to look first, and where to put what is downloaded; created if needed. Empty: ModelsFolder.
	Folder string
	// Only look on this machine.
	NoDownload bool
	// nil: those of the environment, which DefaultDownloadSettings gives.
	Settings *DownloadSettings
	// Called while a model is downloaded, at most about twenty times per second; if it returns false, the download ends
	// with [ErrCancellation]. What was downloaded by then is kept, and the next call resumes from there.
	Progress func(DownloadProgress) bool
	// Of Pull and Download: download it even if it exists.
	Force bool
	// Of Pull and Download: what the file must have, in hexadecimal. Whatever is given is checked before the file gets
	// its final name. MD5 and Size are of Download only.
	SHA256, MD5 string
	// In bytes; nil if it is not known.
	Size *int64
}

// WithResolve is how [Load] finds and downloads a model.
func WithResolve(options ResolveOptions) OpenOption { return func(o *opening) { o.resolve = options } }

// Resolve is the file of the model that a name stands for; it is downloaded if it is not on this machine and that is
// allowed.
//
// The name is a path; the name of a file in the folder, in ModelsFolder or in the folder of older releases, with or
// without ".gguf"; a name or alias from the [Catalogue]; hf://owner/repo/file[@revision]; or an https:// address. An
// existing file is used as it is; [Verify] checks it.
//
// Fails with [ErrModelNotFound], which lists where it looked; [ErrOffline], which is one, too, if a download would have
// helped; [ErrInvalidName]; [ErrDownload].
func Resolve(ctx context.Context, name string, options ResolveOptions) (string, error) {
	if err := checkPaths(name); err != nil {
		return "", err
	}
	known, err := parseName(name)
	if err != nil {
		return "", err
	}
	folder := expanded(options.Folder)
	path, tried := findLocal(name, known, folder)
	if path != "" {
		return path, nil
	}
	if known != nil && !options.NoDownload {
		return pull(ctx, known, folder, options)
	}
	return "", notFound(name, tried, known)
}

// Pull downloads a model, unless a valid file of it exists, and returns its path. The name is one from the catalogue,
// hf://owner/repo/file[@revision] or an https:// address. All parts of a split model are fetched, and the first is
// returned. Several processes and goroutines may do so at once: one downloads and the others wait.
func Pull(ctx context.Context, name string, options ResolveOptions) (string, error) {
	known, err := parseName(name)
	if err != nil {
		return "", err
	}
	if known == nil {
		return "", notFound(name, nil, nil)
	}
	return pull(ctx, known, expanded(options.Folder), options)
}

// Download downloads one file to a path of your choice, unless a valid file exists there. The address is https://…,
// hf://owner/repo/file[@revision], or a name from the catalogue.
func Download(ctx context.Context, address, path string, options ResolveOptions) error {
	if err := checkPaths(path); err != nil {
		return err
	}
	target := expanded(path)
	if err := checkFileName(filepath.Base(target)); err != nil {
		return err
	}
	known, err := parseName(address)
	if err != nil {
		return err
	}
	if known == nil {
		return notFound(address, nil, nil)
	}
	return get(ctx, known, target, options)
}

func pull(ctx context.Context, known *reference, folder string, options ResolveOptions) (string, error) {
	if folder == "" {
		folder = ModelsFolder()
	}
	parts, err := known.parts()
	if err != nil {
		return "", err
	}
	options.Size, options.MD5 = nil, ""
	for _, each := range parts {
		if err := get(ctx, each, filepath.Join(folder, filepath.FromSlash(each.relative)), options); err != nil {
			return "", err
		}
	}
	return filepath.Join(folder, filepath.FromSlash(parts[0].relative)), nil
}

// get sees that one file is there.
func get(ctx context.Context, known *reference, path string, options ResolveOptions) error {
	if err := checkGiven(ctx, "the download"); err != nil {
		return err
	}
	settings := options.Settings
	if settings == nil {
		found, err := DefaultDownloadSettings()
		if err != nil {
			return err
		}
		settings = &found
	}
	target := wantedOf(path, known.entry, options)
	report := &reporter{ctx: ctx, progress: options.Progress, what: filepath.Base(path)}
	// Before the lock is taken, since the folder may be one that cannot be written to.
	if !options.Force {
		if there, err := target.isThere(report); there || err != nil {
			return err
		}
	}
	if settings.Offline {
		return newError(ErrOffline, "%s does not exist, and downloads are switched off; unset GPT4ALL_OFFLINE and "+
			"HF_HUB_OFFLINE, or put the file there", path).with(map[string]any{"path": path})
	}
	return (&downloading{known, target, settings, report}).run(options.Force)
}

// wantedOf is what the caller knows of a file, and where it does not, the catalogue.
func wantedOf(path string, entry *CatalogueEntry, options ResolveOptions) *wanted {
	target := &wanted{path: path, size: options.Size, sha256: strings.ToLower(options.SHA256),
		md5: strings.ToLower(options.MD5), certain: options.SHA256 != "" || options.MD5 != ""}
	if entry != nil {
		if target.size == nil && entry.Size > 0 {
			target.size = &entry.Size
		}
		if target.sha256 == "" {
			target.sha256 = entry.SHA256
		}
		if target.md5 == "" {
			target.md5 = entry.MD5
		}
	}
	return target
}

func notFound(name string, tried []string, known *reference) error {
	looked := ""
	if len(tried) > 0 {
		looked = "; looked in " + strings.Join(tried, ", ")
	}
	detail := map[string]any{"tried": tried}
	if known != nil {
		return newError(ErrModelNotFound, "%q is not on this machine, and may not be downloaded%s", name, looked).
			with(detail)
	}
	advice := didYouMean(name)
	if info, err := os.Stat(expanded(name)); err == nil && info.IsDir() {
		advice = ". This is a folder: name the .gguf file in it, or make one of a folder of Hugging Face's with GPT4All " +
			"for Python: `pip install gpt4all` and `gpt4all convert`"
	}
	return newError(ErrModelNotFound, "there is no model %q%s%s", name, looked, advice).with(detail)
}
