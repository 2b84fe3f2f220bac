// Streams of one open model, read by a loop in C and by TypeScript's `for await`, in turn: what worker_streams.py does
// for Python. The loop in C is called through koffi, from a folder that has it:
//
//     worker_streams.mjs PACKAGE KOFFI_FOLDER LIBRARY REPEATS PLAN.json
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join} from "node:path";

const [packageFolder, koffiFolder, library, repeats, planFile] = process.argv.slice(2);
const {Model} = createRequire(import.meta.url)(packageFolder);
const koffi = createRequire(join(koffiFolder, "package.json"))("koffi");

const plan = JSON.parse(readFileSync(planFile, "utf8"));
const model = await Model.open(plan.model, plan.options);
console.log("ready");

const loop = koffi.load(library).func("double bench_streams(uintptr_t model, const char *requests)");

/** bench_streams() of the same library. */
function inC(requests) {
    const rate = loop(model.use(), JSON.stringify(requests));
    if (rate < 0) {
        throw new Error("the loop in C failed");
    }
    return rate;
}

/** When each piece of one answer arrived, in milliseconds. */
async function moments({messages, ...options}) {
    const found = [];
    for await (const _ of model.chat(messages, {...options, stream: true})) {
        found.push(performance.now());
    }
    return found;
}

/** Pieces per second while all streams are being written. */
async function byPromises(requests) {
    const streams = await Promise.all(requests.map(moments));
    const begin = Math.max(...streams.map((stream) => stream[0]));
    const end = Math.min(...streams.map((stream) => stream.at(-1)));
    if (!(begin < end)) {
        throw new Error("one stream had ended before another began");
    }
    const pieces = streams.flat().filter((moment) => begin < moment && moment <= end).length;
    return (1000 * pieces) / (end - begin);
}

const ways = Object.entries({c: inC, promises: byPromises});
const steps = [];
for (const requests of plan.steps) {
    const rates = {};
    for (const [name, way] of ways) {
        await way(requests); // what V8 compiles while it runs, it compiles now
        rates[name] = [];
    }
    for (let number = 0; number < Number(repeats); number++) {
        for (let turn = 0; turn < ways.length; turn++) {
            const [name, way] = ways[(number + turn) % ways.length];
            rates[name].push(await way(requests));
        }
    }
    steps.push(rates);
}
await model.close();
console.log(JSON.stringify({steps}));
