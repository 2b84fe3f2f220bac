// node-llama-cpp, from a folder that has it.
import {createRequire} from "node:module";
import {join} from "node:path";
import {pathToFileURL} from "node:url";

const seconds = () => performance.now() / 1000;

/** Opens the plan's model; gives what answers a request. */
export async function open({model: modelPath, options}, folder) {
    const {resolve} = createRequire(join(folder, "package.json"));
    const {getLlama} = await import(pathToFileURL(resolve("node-llama-cpp")).href);
    const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: options.threads});
    const model = await llama.loadModel({modelPath});
    const context = await model.createContext({
        contextSize: options.n_ctx,
        batchSize: options.n_batch,
        threads: options.threads,
        flashAttention: options.flash_attn === "on",
        sequences: 1
    });
    const sequence = context.getSequence();

    /** The tokens that the sequence already holds and shares with the prompt stay, if the request allows it. */
    async function reuse(request) {
        if (!request.cache_prompt) {
            await sequence.clearHistory();
            return {rest: request.prompt, cached: 0};
        }
        const {prompt} = request;
        await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
        const cached = sequence.nextTokenIndex;
        return {rest: prompt.slice(cached), cached};
    }

    return async function answer(request) {
        const start = seconds();
        let first = 0, last = 0, pieces = 0, tokens = 0, all = "";
        const {rest, cached} = await reuse(request);
        const given = [];
        for await (const token of sequence.evaluate(rest, {temperature: 0, yieldEogToken: true})) {
            tokens++;
            given.push(token);
            const text = model.detokenize([token], false, given.slice(-4, -1));
            if (text !== "") {
                all += text;
                last = seconds() - start;
                if (pieces++ === 0)
                    first = last;
            }
            if (tokens >= request.max_tokens)
                break;
        }
        if (pieces === 0)
            first = last = seconds() - start;
        return {first_s: first, last_s: last, pieces, tokens, cached, text: all};
    };
}
