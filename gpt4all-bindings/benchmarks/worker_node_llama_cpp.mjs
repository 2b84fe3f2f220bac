// A plan of single requests through node-llama-cpp, from a folder that has it: worker_node_llama_cpp.mjs PLAN.json
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const require = createRequire(process.cwd() + "/");
const {getLlama} = await import(pathToFileURL(require.resolve("node-llama-cpp")).href);

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const {options} = plan;
const seconds = () => performance.now() / 1000;

const opening = seconds();
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: options.threads});
const model = await llama.loadModel({modelPath: plan.model});
const context = await model.createContext({
    contextSize: options.n_ctx,
    batchSize: options.n_batch,
    threads: options.threads,
    flashAttention: options.flash_attn === "on",
    sequences: 1
});
const sequence = context.getSequence();
const opened = seconds() - opening;
console.log("ready");

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

async function answer(request) {
    const start = seconds();
    let first = 0, last = 0, pieces = 0, tokens = 0;
    const {rest, cached} = await reuse(request);
    const given = [];
    for await (const token of sequence.evaluate(rest, {temperature: 0, yieldEogToken: true})) {
        tokens++;
        given.push(token);
        const text = model.detokenize([token], false, given.slice(-4, -1));
        if (text !== "") {
            last = seconds() - start;
            if (pieces++ === 0)
                first = last;
        }
        if (tokens >= request.max_tokens)
            break;
    }
    if (pieces === 0)
        first = last = seconds() - start;
    return {first_s: first, last_s: last, pieces, tokens, cached};
}

const steps = [];
for (const requests of plan.steps) {
    const start = seconds();
    const answers = [];
    for (const request of requests)
        answers.push(await answer(request));
    steps.push({wall_s: seconds() - start, answers});
}
console.log(JSON.stringify({open_s: opened, steps}));
process.exit(0);
