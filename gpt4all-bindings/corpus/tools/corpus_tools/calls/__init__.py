"""Tool calls in each chat template: whether whatever the grammar admits is a call that fits."""
