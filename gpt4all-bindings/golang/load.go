package gpt4all

import "context"

// Load opens a model by its path, by a name from the [Catalogue], by hf://owner/repo/file or by an https:// address. What
// is not on this machine is downloaded, unless downloads are turned off; see [Resolve].
func Load(ctx context.Context, name string, options ...OpenOption) (*Model, error) {
	path, err := Resolve(ctx, name, openingOf(options).resolve)
	if err != nil {
		return nil, err
	}
	return Open(ctx, path, options...)
}
