"""The types of options, and of results as the library gives them. Generated from llmodel.schema.json by
generate_types.py: do not edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict


class Sampling(TypedDict, total=False):
    """How the next token is chosen. A default that is given here holds where neither the request nor how the model
    was opened, its file or the catalogue says otherwise: sampling of inspect_result tells what holds for a model."""

    temperature: float | None
    """Randomness: logits are divided by it. 0: always the most probable token. Default: 0.8. From 0 to 100."""

    dynatemp_range: float | None
    """Dynamic temperature: temperature varies by up to this much either way, with the entropy. 0: off. Default: 0.
    From 0 to 100."""

    dynatemp_exponent: float | None
    """Dynamic temperature: exponent on the normalised entropy. Default: 1. From 0 to 100."""

    top_k: int | None
    """Keep only this many most probable tokens. 0: all. Default: 40."""

    top_p: float | None
    """Keep the most probable tokens that together reach this probability. 1: all. Default: 0.95. From 0 to 1."""

    min_p: float | None
    """Drop tokens less probable than this fraction of the most probable one. 0: none. Default: 0.05. From 0 to 1."""

    top_n_sigma: float | None
    """Keep tokens whose logit is within this many standard deviations of the highest. Negative: all. Default: -1.
    From -1 to 100."""

    xtc_probability: float | None
    """XTC: chance with which the most probable tokens are removed. 0: off. Default: 0. From 0 to 1."""

    xtc_threshold: float | None
    """XTC: probability above which a token counts as a top choice; all but the last such one are removed. Above 0.5:
    off. Default: 0.1. From 0 to 1."""

    typical_p: float | None
    """Locally typical sampling: keep the tokens of most typical information up to this probability. 1: off. Default:
    1. From 0 to 1."""

    min_keep: int | None
    """Every filter leaves at least this many tokens. Default: 0. From 0 to 1048576."""

    repeat_last_n: int | None
    """Last tokens in which repetition is penalised. 0: off. Default: 64. From 0 to 1048576."""

    repeat_penalty: float | None
    """Divides (where positive) or multiplies the logits of tokens that occurred. 1: off. Default: 1."""

    frequency_penalty: float | None
    """Subtracted from a token's logit once for every time it occurred. Default: 0. From -2 to 2."""

    presence_penalty: float | None
    """Subtracted from a token's logit if it occurred at all. Default: 0. From -2 to 2."""

    dry_multiplier: float | None
    """DRY: size of the penalty on continuing a repeated sequence. 0: off. Default: 0. From 0 to 100."""

    dry_base: float | None
    """DRY: base to which the length of the repetition is the exponent. Default: 1.75. From 1 to 100."""

    dry_allowed_length: int | None
    """DRY: longest repeated sequence, in tokens, without a penalty. Default: 2. From 0 to 1048576."""

    dry_penalty_last_n: int | None
    """DRY: last tokens that are searched for repetitions. 0: off. Default: 64. From 0 to 1048576."""

    dry_sequence_breakers: Sequence[str] | None
    """DRY: texts at which a sequence ends, so that repetition across them is free. Default: ["\\n", ":", "\\"",
    "*"]."""

    mirostat: int | None
    """Steer the surprise of the text instead of filtering: 0: off; 1: Mirostat; 2: Mirostat 2.0. Replaces the other
    filters. Default: 0. From 0 to 2."""

    mirostat_tau: float | None
    """Mirostat: target surprise, in bits. Default: 5. From 0 to 100."""

    mirostat_eta: float | None
    """Mirostat: learning rate. Default: 0.1. From 0 to 10."""

    adaptive_target: float | None
    """Adaptive-p: prefer tokens near this probability. Negative: off. Needs "adaptive_p" last in samplers. Default:
    -1. From -1 to 1."""

    adaptive_decay: float | None
    """Adaptive-p: how slowly former choices are forgotten. Default: 0.9. From 0 to 0.99."""

    samplers: Sequence[Literal["penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature", "infill", "adaptive_p"]] | None
    """The filters to apply, in this order. Default: ["penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p",
    "min_p", "xtc", "temperature"]."""

    backend_sampling: bool | None
    """Sample on the device that computes the logits, where it can. Default: false."""

    seed: int | None
    """Start of the random numbers; the same seed gives the same answer to the same request run alone. -1: another
    one each time. Default: -1."""

    ignore_eos: bool | None
    """Never choose a token that ends the answer. Default: false."""

    logit_bias: Mapping[str, Any] | Sequence[Sequence[Mapping[str, Any]]] | None
    """Added to the logits of tokens, as an object from token id or text to bias, or an array of [token id or text,
    bias]. A text stands for each of its tokens."""


class Generation(TypedDict, total=False):
    """How much is generated, when it ends, and what is told about it."""

    max_tokens: int | None
    """Most tokens to generate. -1: until the model ends or the context is full; 0: only process the prompt. Default:
    -1."""

    max_completion_tokens: int | None
    """Another name of max_tokens; give one of them."""

    n_predict: int | None
    """Another name of max_tokens; give one of them."""

    n: int | None
    """Choices to generate for the same prompt; as many as n_parallel of the model at a time. Default: 1. From 1 to
    64."""

    stop: str | Sequence[str] | None
    """Texts that end the answer and are left out of it: one, or up to 64. They do not apply within tool calls."""

    post_sampling_probs: bool | None
    """Give probabilities after the filters, rather than log-probabilities before them; needs logprobs. Default:
    false."""

    return_tokens: bool | None
    """Give the ids of the generated tokens in the result. Default: false."""

    return_progress: bool | None
    """Give progress events while the prompt is processed. Default: false."""

    timings_per_token: bool | None
    """Keep the timings up to date with every token, for progress events. Default: false."""

    cache_prompt: bool | None
    """Reuse what former requests have computed for the same beginning. Default: true."""

    n_cache_reuse: int | None
    """Fewest tokens in a row that are reused although they have moved. Absent: as the model was opened."""

    n_keep: int | None
    """Tokens of the prompt's beginning that context shift keeps. -1: all of the prompt. Absent: as the model was
    opened."""

    n_discard: int | None
    """Tokens that one context shift forgets. 0: half of those it may. Default: 0."""

    n_indent: int | None
    """End when a line is indented by fewer than this many spaces, for completing code. 0: off. Default: 0."""

    t_max_predict_ms: int | None
    """After this many milliseconds of generating, end at the next new line. -1: no limit. Default: -1."""

    id_slot: int | None
    """The slot to run in, for state that was restored into it. -1: any. Default: -1. From -1 to 63."""

    lora: Sequence[Mapping[str, Any]] | None
    """Adapters for this request, with scales. Absent: as the model was opened or the adapters operation set them."""


class Constraints(TypedDict, total=False):
    """What form the answer must have. Give at most one of them."""

    grammar: str | None
    """A grammar in GBNF that the answer follows."""

    json_schema: Mapping[str, Any] | None
    """A JSON Schema that the answer is valid under; {} for any JSON."""


class Conversation(TypedDict, total=False):
    """What the chat template turns into a prompt."""

    tool_choice: Literal["auto", "none", "required"] | Mapping[str, Any] | None
    """Whether tools are called: "auto" as the model decides, "none", "required" at least one, or the one that is
    named. Default: "auto"."""

    parallel_tool_calls: bool | None
    """Allow several tool calls in one answer; needs tools. Absent: as the template can."""

    add_generation_prompt: bool | None
    """End the prompt with the beginning of the model's turn. Default: true."""

    continue_final_message: Literal[True, False, "content", "reasoning_content"] | None
    """Go on with the last message, which must be the assistant's and without tool calls, instead of beginning a new
    one: true, or the part to go on with. Not together with add_generation_prompt: true. Default: false."""

    chat_template_kwargs: Mapping[str, Any] | None
    """Variables for the template, such as {"enable_thinking": false}."""

    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None
    """How much to think, for templates that offer it; "none" switches thinking off."""

    reasoning_format: Literal["none", "auto", "deepseek", "deepseek-legacy"] | None
    """What becomes of the model's thinking. Absent: as the model was opened."""


class OpenOptions(TypedDict, total=False):
    """How llmodel_open() and llmodel_inspect() open a model."""

    n_ctx: int | None
    """Context length in tokens, shared by the requests that run together. 0: as long as the model was trained for,
    but at most 8192. One request uses no more than the model was trained for, unless rope_freq_base or
    rope_freq_scale extends that. Default: 0. From 0 to 16777216."""

    n_batch: int | None
    """Most tokens that are submitted together while prompts are processed. Default: 512. From 1 to 65536."""

    n_ubatch: int | None
    """Most tokens that are computed in one step; larger is faster and takes more memory. Embedding inputs must fit
    into it. No more than n_batch. Default: 512. From 1 to 65536."""

    n_parallel: int | None
    """Most sequences that generate at the same time; further requests wait. Default: 4. From 1 to 64."""

    threads: int | None
    """CPU threads for generating. 0: chosen for this machine. Default: 0. From 0 to 512."""

    threads_batch: int | None
    """CPU threads for processing prompts. 0: the same as threads, or chosen for this machine. Default: 0. From 0 to
    512."""

    adaptive_threads: bool | None
    """Generate with fewer threads while other programs keep the processors busy, which is faster then. Answers do
    not depend on it. On Linux. Default: true."""

    priority: Literal["low", "normal", "medium", "high"] | None
    """Scheduling priority of the compute threads; above normal may need a privilege. Default: "normal"."""

    device: str | Sequence[str] | None
    """Where to compute: "auto", "cpu", "gpu", a device's name, or an array of names. Default: "auto"."""

    n_gpu_layers: int | None
    """Layers to keep on the GPU. -1: as many as fit; 0: none, all on the CPU. Default: -1. From -1 to 65535."""

    split_mode: Literal["none", "layer", "row", "tensor"] | None
    """How the model is shared among several GPUs: not at all (main_gpu has it), by layers, by rows, or by tensors.
    Default: "layer"."""

    main_gpu: int | None
    """The GPU that has the whole model with split_mode "none", from 0. Default: 0. From 0 to 127."""

    tensor_split: Sequence[float] | None
    """Proportions in which the GPUs share the model, such as [3, 1]. Absent: by their free memory."""

    offload_kqv: bool | None
    """Keep the key-value cache on the GPU, beside the layers that are there. Default: true."""

    op_offload: bool | None
    """Let the GPU help with large operations on weights that the CPU holds. Default: true."""

    repack: bool | None
    """Rearrange weights for the CPU while loading; faster, but such weights can't be shared through mmap. Default:
    true."""

    cache_type_k: Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"] | None
    """Storage type of the cache's keys. Default: "f16"."""

    cache_type_v: Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"] | None
    """Storage type of the cache's values; a quantised one needs flash attention. Default: "f16"."""

    flash_attn: Literal["auto", "on", "off"] | None
    """Flash attention: where the device has it, always, or never. Default: "auto"."""

    mmap: bool | None
    """Map the file into memory rather than reading it. Default: true."""

    cache_dir: str | None
    """Folder for the translations of models of 2023. Empty: $GPT4ALL_CACHE, or ~/.cache/gpt4all. Default: ""."""

    mlock: bool | None
    """Keep the weights from being swapped out; needs the privilege to lock that much memory. Default: false."""

    pooling: Literal["none", "mean", "cls", "last", "rank"] | None
    """How embed makes one vector of an input's tokens; "none" gives one for each token, "rank" is for rerankers.
    Absent: as the model says, or else "mean"."""

    rope_freq_base: float | None
    """Base frequency of the rotary position embedding. 0: the model's own. Default: 0."""

    rope_freq_scale: float | None
    """Factor on the rotary frequencies; 0.5 doubles the context that the model was trained for, so that n_ctx may be
    twice as long. 0: the model's own. Default: 0. From 0 to 1000."""

    rope_scaling: Literal["none", "linear", "yarn", "longrope"] | None
    """Method of extending the context. Absent: the model's own."""

    yarn_orig_ctx: int | None
    """YaRN: context length in tokens before the extension. 0: the model's own. Default: 0."""

    yarn_ext_factor: float | None
    """YaRN: how much to extrapolate rather than interpolate. -1: the model's own. Default: -1. From -1 to 1000."""

    yarn_attn_factor: float | None
    """YaRN: factor on the magnitude of attention. -1: the model's own. Default: -1. From -1 to 1000."""

    yarn_beta_fast: float | None
    """YaRN: rotations over the original context above which a dimension is extrapolated. -1: the model's own.
    Default: -1. From -1 to 10000."""

    yarn_beta_slow: float | None
    """YaRN: rotations over the original context below which a dimension is interpolated. -1: the model's own.
    Default: -1. From -1 to 10000."""

    swa_full: bool | None
    """Cache all positions in layers with a sliding window too, so that every prefix can be reused, for more memory.
    Default: false."""

    kv_unified: bool | None
    """One cache for all sequences, so that one request alone may use the whole context; false gives each an equal
    share. Default: true."""

    context_shift: bool | None
    """When the context is full while generating, forget the oldest tokens after n_keep and go on, rather than
    finish. Default: false."""

    n_keep: int | None
    """Tokens of the prompt's beginning that context shift keeps, where the request does not say. -1: all of the
    prompt. Default: 0."""

    cache_ram_mib: int | None
    """Memory for the state of former prompts, and of requests that wait for room in the context, in MiB. 0: none;
    -1: without limit. Default: 512. From -1 to 1048576."""

    n_cache_reuse: int | None
    """Fewest tokens in a row that are reused from a former prompt although they have moved. 0: only a common
    beginning is reused. Default: 0."""

    lora: Sequence[Mapping[str, Any]] | None
    """LoRA adapters (GGUF files) to load with the model. Their ids are their places here, from 0."""

    draft: Mapping[str, Any] | None
    """A small model with the same vocabulary that guesses ahead; the model checks its guesses together. The output
    keeps its distribution."""

    speculative: Mapping[str, Any] | None
    """Guessing ahead without a second model, from repetitions in the text so far. May be combined with draft. The
    output keeps its distribution."""

    chat_template: str | None
    """Instead of the model's own template: one in Jinja, or the name of one that comes with the library: alpaca,
    chatml, gpt4all-j, human-assistant, llama2, mistral, vicuna or zephyr. Absent, for a model without any: what
    default_chat_template of its info says."""

    chat_template_kwargs: Mapping[str, Any] | None
    """Variables for the template, where the request does not set them."""

    reasoning_format: Literal["none", "auto", "deepseek", "deepseek-legacy"] | None
    """What becomes of the model's thinking, where the request does not say. Default: "deepseek"."""

    spm_infill: bool | None
    """For infill, put the suffix before the prefix, as some models were trained. Default: false."""

    sampling: Mapping[str, Any] | None
    """How tokens are chosen where a request does not say. Absent, for each field: as the model's file says, or else
    catalogue_sampling, or else by the default of the field."""

    catalogue_sampling: Mapping[str, Any] | None
    """What a catalogue of models knows of its makers' advice, for fields of which neither sampling nor the model's
    file says anything. Bindings with a catalogue give this by themselves."""

    warmup: bool | None
    """Run the model once while opening, so that the first request is not slower. Default: false."""

    check_tensors: bool | None
    """Read every weight while opening and refuse values that are not finite; slow for large files. Default: false."""

    memory_budget: int | None
    """Refuse to open the model if its estimate is over this many bytes. 0: never refuse. Absent: the memory that is
    free."""


class ChatOptions(Conversation, Constraints, Generation, Sampling, total=False):
    """The model's next message in a conversation."""

    logprobs: bool | None
    """Give the log-probability of each generated token. Default: false."""

    top_logprobs: int | None
    """Most probable tokens to give at each place; needs logprobs. From 0 to 20."""

    reasoning_budget_tokens: int | None
    """Most tokens of thinking before the model is made to answer. -1: no limit. Default: -1."""

    thinking_budget_tokens: int | None
    """Another name of reasoning_budget_tokens; give one of them."""

    reasoning_budget_message: str | None
    """What is added to the thinking when its budget is spent."""

    parse_special: bool | None
    """Read the names of control tokens in messages, tools and the template's variables as those tokens, so that
    whoever writes a message can end it. Default: false."""


class CompleteOptions(Constraints, Generation, Sampling, total=False):
    """The continuation of a text, without a template."""

    logprobs: int | None
    """Give the log-probabilities of each generated token and of this many most probable ones. From 0 to 20."""

    n_probs: int | None
    """As logprobs, with more allowed; give one of them. Default: 0. From 0 to 1000."""


class InfillOptions(Constraints, Generation, Sampling, total=False):
    """The text between a prefix and a suffix, for models that were trained for it."""

    input_extra: Sequence[Mapping[str, Any]] | None
    """Other files of the project, for the model to look at."""

    prompt: str | Sequence[int | str] | None
    """The beginning of what fills the gap."""

    logprobs: int | None
    """Give the log-probabilities of each generated token and of this many most probable ones. From 0 to 20."""

    n_probs: int | None
    """As logprobs, with more allowed; give one of them. Default: 0. From 0 to 1000."""


class EmbedOptions(TypedDict, total=False):
    """Vectors of texts, one embedding event each."""

    normalize: bool | None
    """Scale each vector to Euclidean length 1. Default: true."""

    embd_normalize: int | None
    """Another norm, instead of normalize: -1 none, 0 largest absolute value to 32760, 1 taxicab, 2 Euclidean, p for
    the p-norm. From -1 to 1024."""

    dimensions: int | None
    """Keep this many leading components, before normalising, for models trained for it (Matryoshka). Absent: all.
    From 1 to 1048576."""

    truncate: bool | None
    """Cut inputs that are longer than the model can take, rather than fail. Default: false."""


class RerankOptions(TypedDict, total=False):
    """How well documents answer a query, for rerankers."""

    top_n: int | None
    """Give only this many best. Absent: all. From 1 to 65536."""


class ScoreOptions(TypedDict, total=False):
    """The log-likelihood of continuations after a context."""

    add_special: bool | None
    """Begin a text context with the special token that the model expects. Default: true."""

    parse_special: bool | None
    """Read the names of special tokens in texts as those tokens. Default: false."""

    logprob_rows: Literal["none", "continuation", "all"] | Sequence[int] | None
    """Which full rows of log-probabilities to give as events: "none"; "continuation": those that predict each token
    of each continuation; "all": those that predict every token but the first, of the context too; or positions,
    from 0, of context and continuation together: the row at position p is the prediction for the token at p + 1.
    Default: "none"."""


class TokenizeOptions(TypedDict, total=False):
    """The tokens of a text."""

    add_special: bool | None
    """Add the special tokens with which the model's inputs begin and end. Default: false."""

    parse_special: bool | None
    """Read the names of special tokens as those tokens. Default: true."""


class DetokenizeOptions(TypedDict, total=False):
    """The text of tokens."""

    special: bool | None
    """Write special tokens by their names, rather than leave them out. Default: true."""


class ApplyTemplateOptions(Conversation, Constraints, total=False):
    """The prompt that a chat request would give."""

    parse_special: bool | None
    """As in a chat request; the text is the same. Default: false."""


class CountTokensOptions(Conversation, Constraints, total=False):
    """How many tokens a prompt or a conversation has."""

    add_special: bool | None
    """Count the special tokens with which the model's inputs begin and end; only with prompt. Default: true."""

    parse_special: bool | None
    """Read the names of special tokens as those tokens. Absent: true with prompt, false with messages."""


class StateOptions(TypedDict, total=False):
    """Which slot llmodel_save_state() saves or llmodel_restore_state() fills."""

    id_slot: int | None
    """The slot, from 0, below n_parallel. Default: 0. From 0 to 63."""


class _QuantizeOptionsRequired(TypedDict):
    type: Literal["F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K", "Q5_K_M", "Q5_K_S", "Q5_1", "Q5_0", "Q4_K", "Q4_K_M", "Q4_K_S", "Q4_1", "Q4_0", "IQ4_XS", "IQ4_NL", "Q3_K", "Q3_K_L", "Q3_K_M", "Q3_K_S", "IQ3_M", "IQ3_S", "IQ3_XS", "IQ3_XXS", "Q2_K", "Q2_K_S", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S", "TQ2_0", "TQ1_0", "Q2_0", "Q1_0", "MXFP4_MOE", "COPY"]
    """The type of the file, by llama.cpp's names; "COPY" changes no tensor."""


class QuantizeOptions(_QuantizeOptionsRequired, total=False):
    """What llmodel_quantize() makes of a model."""

    imatrix: str | None
    """A file with the importance of weights, as llmodel_imatrix() and llama-imatrix write it; the smallest types
    need it."""

    output_tensor_type: Literal["f32", "f16", "bf16", "q8_0", "q6_K", "q5_K", "q5_1", "q5_0", "q4_K", "q4_1", "q4_0", "iq4_xs", "iq4_nl", "mxfp4", "nvfp4", "q3_K", "iq3_s", "iq3_xxs", "q2_K", "iq2_s", "iq2_xs", "iq2_xxs", "iq1_m", "iq1_s", "tq2_0", "tq1_0", "q2_0", "q1_0"] | None
    """Type of the output tensor. Absent: as type implies."""

    token_embedding_type: Literal["f32", "f16", "bf16", "q8_0", "q6_K", "q5_K", "q5_1", "q5_0", "q4_K", "q4_1", "q4_0", "iq4_xs", "iq4_nl", "mxfp4", "nvfp4", "q3_K", "iq3_s", "iq3_xxs", "q2_K", "iq2_s", "iq2_xs", "iq2_xxs", "iq1_m", "iq1_s", "tq2_0", "tq1_0", "q2_0", "q1_0"] | None
    """Type of the token embeddings. Absent: as type implies."""

    tensor_types: Sequence[Mapping[str, Any]] | None
    """Types of particular tensors; the first pattern that fits counts."""

    leave_output_tensor: bool | None
    """Leave the output tensor as it is. Default: false."""

    pure: bool | None
    """Give every tensor the same type, rather than better ones to those that matter most. Default: false."""

    allow_requantize: bool | None
    """Quantise tensors that are quantised already, which costs quality. Default: false."""

    threads: int | None
    """CPU threads. 0: as many as the machine has. Default: 0. From 0 to 512."""

    cache_dir: str | None
    """Folder for the translation of a model of 2023. Empty: $GPT4ALL_CACHE, or ~/.cache/gpt4all. Default: ""."""


class ImatrixOptions(TypedDict, total=False):
    """What llmodel_imatrix() runs through a model. Either text or file is needed: prose, code or talk of the kind
    that the model is for, of some ten thousand tokens at best."""

    text: str | None
    """The text itself."""

    file: str | None
    """A file with the text, in UTF-8."""

    dataset: str | None
    """What the importance matrix, and models that are made with it, call the text. Absent: the file's name, or
    "text"."""

    n_ctx: int | None
    """Tokens of each stretch that the text is cut into; what is left over is not run. 0: 512, or as many as the
    model was trained for if those are fewer. Default: 0. From 0 to 16777216."""

    chunks: int | None
    """Most stretches to run, from the beginning of the text. 0: all. Default: 0. From 0 to 1000000."""

    output_tensor: bool | None
    """Measure the output tensor as well, which is quantised little anyway. Default: false."""

    threads: int | None
    """CPU threads. 0: chosen for this machine. Default: 0. From 0 to 512."""

    device: str | Sequence[str] | None
    """Where to compute: "auto", "cpu", "gpu", a device's name, or an array of names. Default: "auto"."""

    n_gpu_layers: int | None
    """Layers to keep on the GPU. -1: as many as fit; 0: none, all on the CPU. Default: -1. From -1 to 65535."""

    cache_dir: str | None
    """Folder for the translation of a model of 2023. Empty: $GPT4ALL_CACHE, or ~/.cache/gpt4all. Default: ""."""


class ConvertOptions(TypedDict, total=False):
    """What llmodel_convert() makes of a model of 2023, where its file does not say."""

    name: str | None
    """The model's name. Absent: the file's, without its extension."""

    q4_2_type: Literal["auto", "F32", "F16", "Q8_0", "Q6_K"] | None
    """Of tensors that are Q4_2. "auto": Q6_K, or Q8_0 where rows are no multiple of 256. Default: "auto"."""

    q4_3_type: Literal["auto", "F32", "F16", "Q8_0", "Q6_K"] | None
    """Of tensors that are Q4_3. "auto": Q8_0. Default: "auto"."""

    n_ctx: int | None
    """Context length in tokens. 0: what the file says, and 2048 for LLaMA. Default: 0. From 0 to 16777216."""

    rms_norm_eps: float | None
    """LLaMA's epsilon of the norms. 0: 1e-6, and 1e-5 where heads share keys, as in LLaMA 2 70B. Default: 0. From 0
    to 1."""

    rope_freq_base: float | None
    """LLaMA's base frequency of the rotary position embedding. 0: 10000. Default: 0."""

    add_space_prefix: bool | None
    """Tokenise LLaMA's text with a space before it, as SentencePiece does and llama.cpp did not in 2023. Default:
    false."""


class UsagePromptTokensDetails(TypedDict, total=False):
    """Of the prompt's tokens."""

    cached_tokens: int
    """Those that were reused rather than computed."""


class _UsageRequired(TypedDict):
    prompt_tokens: int
    """Tokens of the prompt or the inputs."""

    total_tokens: int
    """Their sum."""


class Usage(_UsageRequired, total=False):
    """How many tokens a request took."""

    completion_tokens: int
    """Tokens generated, over all choices."""

    prompt_tokens_details: UsagePromptTokensDetails
    """Of the prompt's tokens."""


class Timings(TypedDict, total=False):
    """How long a request took; waiting does not count."""

    cache_n: int
    """Tokens of the prompt that were reused."""

    prompt_n: int
    """Tokens of the prompt that were computed."""

    prompt_ms: float
    """Milliseconds that this took."""

    prompt_per_token_ms: float
    """Milliseconds for each of them."""

    prompt_per_second: float
    """Of them in a second."""

    predicted_n: int
    """Tokens generated."""

    predicted_ms: float
    """Milliseconds that this took."""

    predicted_per_token_ms: float
    """Milliseconds for each of them."""

    predicted_per_second: float
    """Of them in a second."""

    draft_n: int
    """Tokens that were guessed ahead."""

    draft_n_accepted: int
    """Those of them that proved right."""


class _TopTokenRequired(TypedDict):
    id: int
    """The token."""

    token: str
    """Its text, as far as it is whole code points."""

    bytes: list[int]
    """Its bytes."""


class TopToken(_TopTokenRequired, total=False):
    """A token that could have been chosen."""

    logprob: float
    """Its natural log-probability before the filters."""

    prob: float
    """Its probability after the filters. From 0 to 1."""


class _TokenLogprobRequired(TypedDict):
    id: int
    """The token."""

    token: str
    """Its text, as far as it is whole code points."""

    bytes: list[int]
    """Its bytes."""


class TokenLogprob(_TokenLogprobRequired, total=False):
    """A token and how probable it was."""

    logprob: float
    """Its natural log-probability before the filters; -3.4e38 stands for minus infinity."""

    prob: float
    """Instead of logprob, with post_sampling_probs: its probability after the filters. From 0 to 1."""

    top_logprobs: list[TopToken]
    """The most probable tokens at this place, best first."""

    top_probs: list[TopToken]
    """Instead of top_logprobs, with post_sampling_probs."""


class Logprobs(TypedDict):
    """Log-probabilities of the generated tokens."""

    content: list[TokenLogprob]
    """One entry for each token."""


class ToolCallFunction(TypedDict):
    """The call."""

    name: str
    """The function's name."""

    arguments: str | dict[str, Any]
    """Its arguments: JSON text, as results have it, or the object itself."""


class _ToolCallRequired(TypedDict):
    type: Literal["function"]
    """The only kind there is."""

    function: ToolCallFunction
    """The call."""


class ToolCall(_ToolCallRequired, total=False):
    """A function that the model asks to have called."""

    id: str
    """What the tool's answer refers to in tool_call_id."""


class _ChoiceRequired(TypedDict):
    index: int
    """Which choice, from 0, as in the events. From 0 to 63."""

    finish_reason: Literal["stop", "length", "tool_calls"]
    """The model ended or a stop text came; max_tokens, the time limit or the context's end came; or tools are to be
    called. Only with "tool_calls" are all calls whole."""


class Choice(_ChoiceRequired, total=False):
    """What every choice has."""

    stopping_word: str
    """The stop text that ended it; empty or absent if none did."""

    logprobs: Logprobs
    """If asked for."""

    tokens: list[int]
    """With return_tokens: the generated tokens."""

    truncated: bool
    """Whether context shift forgot a part of the prompt or the answer."""


class TextResultChoice(Choice):
    text: str
    """All of the text."""


class _TextResultRequired(TypedDict):
    choices: list[TextResultChoice]
    """The texts, in order."""

    usage: Usage

    timings: Timings
    """How long the first choice took; waiting does not count."""


class TextResult(_TextResultRequired, total=False):
    """What complete and infill give."""

    id_slot: int
    """The slot in which the first choice ran. From 0 to 63."""

    model: str
    """The model's name."""


class _ChatResultChoiceMessageRequired(TypedDict):
    role: Literal["assistant"]
    """The model."""

    content: str | None
    """All of the text; null if there is none."""


class ChatResultChoiceMessage(_ChatResultChoiceMessageRequired, total=False):
    """The answer, ready to be added to messages."""

    reasoning_content: str
    """What it thought before, if it did."""

    tool_calls: list[ToolCall]
    """The tools to call, if there are any."""


class ChatResultChoice(Choice):
    message: ChatResultChoiceMessage
    """The answer, ready to be added to messages."""


class _ChatResultRequired(TypedDict):
    choices: list[ChatResultChoice]
    """The answers, in order."""

    usage: Usage

    timings: Timings
    """How long the first choice took; waiting does not count."""


class ChatResult(_ChatResultRequired, total=False):
    """What chat gives."""

    id_slot: int
    """The slot in which the first choice ran. From 0 to 63."""

    model: str
    """The model's name."""


class _EmbedResultRequired(TypedDict):
    count: int
    """Inputs; the events' index is from 0 to below it."""

    dimension: int
    """Components of each vector. With pooling "none", an input's event has several vectors, one for each token."""

    usage: Usage


class EmbedResult(_EmbedResultRequired, total=False):
    """What embed gives, after the vectors."""

    pooling: Literal["none", "mean", "cls", "last", "rank"]
    """How one vector was made of an input's tokens."""


class RerankResultResult(TypedDict):
    index: int
    """The document's place in the request, from 0."""

    relevance_score: float
    """Higher is better; the scale is the model's."""


class RerankResult(TypedDict):
    """What rerank gives."""

    results: list[RerankResultResult]
    """The documents, best first."""

    usage: Usage


class ScoreResultContinuation(TypedDict):
    logprob: float
    """Natural log-likelihood of the continuation: the sum over its tokens."""

    greedy: bool
    """Whether each of its tokens is the most probable one at its place."""

    tokens: list[int]
    """Its tokens."""

    token_logprobs: list[float]
    """The natural log-probability of each."""


class ScoreResultRow(TypedDict):
    continuation: int
    """Which continuation, from 0; -1 for a position in the context, which all share."""

    position: int
    """The row predicts the token at position + 1 of context and continuation together."""


class _ScoreResultRequired(TypedDict):
    continuations: list[ScoreResultContinuation]
    """In the request's order."""

    rows: list[ScoreResultRow]
    """What each log-probability event is, by its index."""

    n_vocab: int
    """Numbers in a row."""

    usage: Usage


class ScoreResult(_ScoreResultRequired, total=False):
    """What score gives, after the rows."""

    context_tokens: list[int]
    """The context's tokens."""


class _AdaptersResultAdapterRequired(TypedDict):
    id: int
    """What requests name it by."""

    path: str
    """Its file."""

    scale: float
    """The factor on its weights, where a request does not say."""


class AdaptersResultAdapter(_AdaptersResultAdapterRequired, total=False):
    task_name: str
    """What it is for, if its file says so."""

    prompt_prefix: str
    """What prompts should begin with, if its file says so."""


class AdaptersResult(TypedDict):
    """What adapters gives."""

    adapters: list[AdaptersResultAdapter]
    """The adapters that were loaded, in order."""


class _StateResultRequired(TypedDict):
    id_slot: int
    """The slot. From 0 to 63."""

    n_tokens: int
    """Tokens that it remembers."""

    n_bytes: int
    """Size of the file."""


class StateResult(_StateResultRequired, total=False):
    """What saving or restoring a slot gives."""

    ms: float
    """Milliseconds that it took."""


class _QuantizeResultRequired(TypedDict):
    type: str
    """The new file's type."""

    input_bytes: int
    """Size of the file that was read."""

    output_bytes: int
    """Size of the file that was written."""


class QuantizeResult(_QuantizeResultRequired, total=False):
    """What quantising gives."""

    ms: float
    """Milliseconds that it took."""


class _ImatrixResultRequired(TypedDict):
    path: str
    """The new file."""

    dataset: str
    """What it calls the text."""

    chunks: int
    """Stretches of text that were run."""

    n_ctx: int
    """Tokens of each."""

    tokens: int
    """Tokens of all."""

    weights: int
    """Weights that were measured, all experts of a layer as one."""

    idle_experts: int
    """Experts, of each weight, that no token went to: quantising takes all their columns for equally important. A
    longer text helps."""

    output_bytes: int
    """Size of the file."""


class ImatrixResult(_ImatrixResultRequired, total=False):
    """What making an importance matrix gives."""

    ms: float
    """Milliseconds that it took."""


class _ConvertResultRequired(TypedDict):
    format: str
    """The old file's format: ggml, ggmf, ggjt, ggmm or gguf."""

    architecture: str
    """The model's architecture: llama, gptj or mpt."""

    choices: list[str]
    """What was decided that the old file does not say, or that is not kept exactly, a sentence each."""

    input_bytes: int
    """Size of all files that were read."""

    output_bytes: int
    """Size of the file that was written."""


class ConvertResult(_ConvertResultRequired, total=False):
    """What converting gives."""

    path: str
    """The new file."""

    format_version: int
    """Its version; 0 for a format without."""

    runs_as: str
    """The architecture that it has in the new file: phi2 for gptj."""

    quantization: str
    """The new file's type, such as "Q4_0"."""

    tensors: int
    """Tensors of the new file."""

    ms: float
    """Milliseconds that it took."""


class _MemoryEstimateDeviceRequired(TypedDict):
    name: str
    """The device."""

    weights: int
    """Bytes for the weights."""

    context: int
    """Bytes for what is remembered of the text: the key-value cache and the like."""

    compute: int
    """Bytes for intermediate results."""

    total: int
    """Their sum."""


class MemoryEstimateDevice(_MemoryEstimateDeviceRequired, total=False):
    other: int
    """Bytes for everything else, such as the vocabulary."""

    free: int
    """Bytes that are free on the device now."""


class _MemoryEstimateRequired(TypedDict):
    devices: list[MemoryEstimateDevice]
    """By device; the CPU's memory is one of them."""

    total: int
    """Bytes over all devices."""


class MemoryEstimate(_MemoryEstimateRequired, total=False):
    """What opening a model takes."""

    reclaimable: int
    """Bytes of the processor's weights that are mapped from the file and that the system may drop and read again."""

    prompt_cache_max: int
    """Bytes that the state of former prompts may come to take besides, by cache_ram_mib; absent if there is no
    limit."""

    drafts_max: int
    """Bytes that checking the drafts of several requests at once may come to take besides; absent if that takes no
    more than one."""

    n_ctx: int
    """The context length, in tokens, that this is for."""

    exact: bool
    """Whether the model was laid out as for loading; otherwise the estimate is by formula."""


class SpecialToken(TypedDict):
    """A token with a role of its own."""

    id: int
    """The token."""

    text: str
    """Its name."""


class SamplingDefault(TypedDict):
    """What holds for a field that a request does not have."""

    value: float | bool | list[str]
    """The value."""

    source: Literal["option", "file", "catalogue", "default"]
    """Who says so: the option sampling, the model's file, the option catalogue_sampling, or nobody, so that it is
    the library's default."""


class InspectResultTranslation(TypedDict):
    """The GGUF file that is opened in place of a model of 2023, which metadata tells of."""

    path: str | None
    """The file; null if the model was not opened yet."""

    size: int
    """Its size."""


class InspectResultTokenizer(TypedDict, total=False):
    """How text becomes tokens, by llama.cpp's names."""

    model: str
    """The method, such as "gpt2" for byte-pair encoding."""

    pre: str
    """How text is cut up before."""


class InspectResultCapabilities(TypedDict, total=False):
    """What the model can be asked for."""

    generate: bool
    """chat, complete and the like; false if it only encodes."""

    embed: bool
    """embed."""

    rerank: bool
    """rerank."""


class _InspectResultRequired(TypedDict):
    path: str
    """The file."""

    size: int
    """The file's size, over all its parts."""

    architecture: str
    """The architecture, such as "llama"."""

    quantization: str
    """The type of most weights, such as "Q4_1"."""

    n_params: int
    """Parameters."""

    n_ctx_train: int
    """Context length, in tokens, that the model was trained for."""

    n_vocab: int
    """Tokens of the vocabulary."""

    memory: MemoryEstimate
    """What opening it with the options given takes."""


class InspectResult(_InspectResultRequired, total=False):
    """What is known of a model file without loading its weights."""

    format: str
    """The file's format: "gguf", or one of 2023: ggml, ggmf, ggjt or ggmm."""

    format_version: int
    """The format's version; 0 for one without."""

    translation: InspectResultTranslation
    """The GGUF file that is opened in place of a model of 2023, which metadata tells of."""

    name: str
    """The model's name, if the file says it, as the next five."""

    author: str
    """Who made the model."""

    organization: str
    """For whom it was made."""

    description: str
    """What it is, in its maker's words."""

    license: str
    """Its licence."""

    url: str
    """Where it comes from."""

    runs_as: str
    """The architecture as which llama.cpp runs the model, where it is another: GPT-J runs as "phi2"."""

    bits_per_weight: float
    """Bits of the file for each parameter, on average."""

    n_tensors: int
    """Tensors."""

    n_embd: int
    """Width of the model: components of a hidden state."""

    n_layer: int
    """Layers."""

    n_head: int
    """Attention heads; the most of any layer."""

    n_head_kv: int
    """Heads of keys and values; the most of any layer."""

    pooling: Literal["none", "mean", "cls", "last", "rank"]
    """How embeddings are pooled, if the file says it."""

    tokenizer: InspectResultTokenizer
    """How text becomes tokens, by llama.cpp's names."""

    capabilities: InspectResultCapabilities
    """What the model can be asked for."""

    chat_template: str | None
    """The Jinja template; null if the file has none."""

    default_chat_template: str
    """The name of the template that is used where none is given, for a model that has none."""

    chat_templates: dict[str, str]
    """Further templates of the file, by name."""

    sampling: dict[str, SamplingDefault]
    """How tokens are chosen for a request that does not say, by field of sampling; absent for a model that only
    encodes."""

    special_tokens: dict[str, SpecialToken]
    """By role: bos, eos, eot, eom, unk, sep, pad, cls, mask, fim_pre, fim_suf, fim_mid, fim_pad, fim_rep, fim_sep."""

    add_bos: bool
    """Whether inputs begin with bos."""

    add_eos: bool
    """Whether inputs end with eos."""

    metadata: dict[str, Any]
    """All the file's metadata by key; long arrays only by type and length."""


class InfoResultOpened(TypedDict, total=False):
    """How it was opened; absent for a model that only encodes."""

    n_ctx: int
    """Context length, in tokens, that one request may use."""

    n_parallel: int
    """Requests that run together."""

    n_batch: int
    """Most tokens that are submitted together."""

    threads: int
    """CPU threads for generating."""

    chat_template: str
    """The template that comes with the library and is used, by name; absent where it is the model's own or one of
    yours."""

    template_capabilities: dict[str, Any]
    """What the chat template can express, by llama.cpp's names."""


class InfoResult(InspectResult, total=False):
    """What llmodel_info() tells: what llmodel_inspect() does, and how the model was opened."""

    opened: InfoResultOpened
    """How it was opened; absent for a model that only encodes."""


class _DevicesResultDeviceRequired(TypedDict):
    name: str
    """What open_options name it by."""

    description: str
    """The hardware's name."""

    type: Literal["cpu", "gpu", "igpu", "accel", "meta"]
    """What it is: processor, graphics card, graphics within the processor, another accelerator, or several devices
    as one."""

    backend: str
    """The backend that drives it."""


class DevicesResultDevice(_DevicesResultDeviceRequired, total=False):
    memory_total: int
    """Its memory, in bytes."""

    memory_free: int
    """What is free of it, in bytes."""


class _DevicesResultBackendRequired(TypedDict):
    name: str
    """The backend."""

    loaded: bool
    """Whether it is in use."""


class DevicesResultBackend(_DevicesResultBackendRequired, total=False):
    variant: str
    """The instructions that it was compiled for, by ggml's name, such as "haswell"; absent if it has none."""

    path: str
    """Its file; absent if it is built in."""

    score: int
    """How well it fits this machine; 0: not at all."""

    reason: str
    """Why not, if it is not."""


class DevicesResultCpuModule(TypedDict, total=False):
    """The backend module that computes on it; absent where that is built in."""

    name: str
    """The variant in use; absent if none could be loaded."""

    requested: str
    """The variant that was asked for by name."""

    requested_by: str
    """The environment variable that asks for it."""

    unchecked: bool
    """Whether it is loaded even where the processor lacks its instructions."""

    error: str
    """Why the one asked for was not loaded; models do not open then."""


class DevicesResultCpu(TypedDict, total=False):
    """The processor."""

    features: list[str]
    """Its instruction sets that are used."""

    threads_logical: int
    """Threads that it runs at once."""

    threads_physical: int
    """Its cores."""

    threads_default: int
    """Threads that a model computes with, if it is not told."""

    module: DevicesResultCpuModule
    """The backend module that computes on it; absent where that is built in."""


class DevicesResultMemory(TypedDict, total=False):
    """The machine's memory."""

    total: int
    """All of it, in bytes."""

    available: int
    """What programs can get of it, in bytes."""


class _DevicesResultRequired(TypedDict):
    devices: list[DevicesResultDevice]
    """What can be computed on."""

    backends: list[DevicesResultBackend]
    """Every backend module that was seen."""


class DevicesResult(_DevicesResultRequired, total=False):
    """What llmodel_devices() tells."""

    cpu: DevicesResultCpu
    """The processor."""

    memory: DevicesResultMemory
    """The machine's memory."""


class BuildInfoLlamaCpp(TypedDict, total=False):
    """The llama.cpp inside."""

    release: str
    """Its release."""

    tree: str
    """The hash of its source in git."""

    patches: list[str]
    """Our patches to it."""


class _BuildInfoRequired(TypedDict):
    version: str
    """The library's version."""

    abi_version: int
    """LLMODEL_ABI_VERSION."""

    llama_cpp: BuildInfoLlamaCpp
    """The llama.cpp inside."""


class BuildInfo(_BuildInfoRequired, total=False):
    """What llmodel_build_info() tells."""

    compiler: str
    """The compiler and its version."""

    build_type: str
    """How it was built, such as "Release"."""

    flags: str
    """The compiler's flags."""

    backends: str
    """How backends are found: "static" or "dynamic"."""


class _ProgressEventRequired(TypedDict):
    unit: Literal["tokens", "inputs"]
    """What is counted: tokens of the prompt, or inputs."""

    total: int
    """All of them."""

    processed: int
    """Those done, with those reused."""


class ProgressEvent(_ProgressEventRequired, total=False):
    """How far a request has come."""

    cache: int
    """Those reused."""

    time_ms: float
    """Milliseconds since the request began to run."""

    timings: Timings
    """With timings_per_token."""


class ToolCallEventFunction(TypedDict, total=False):
    """The piece."""

    name: str
    """The function's name."""

    arguments: str
    """The next part of the arguments' JSON text."""


class _ToolCallEventRequired(TypedDict):
    index: int
    """Which tool call of the answer, from 0."""


class ToolCallEvent(_ToolCallEventRequired, total=False):
    """A piece of a tool call. The first piece of a call has id and name; arguments are to be joined."""

    id: str
    """The call's id."""

    type: Literal["function"]
    """The only kind there is."""

    function: ToolCallEventFunction
    """The piece."""
