// What llmodel_bench does, in Node, with one contender or with two in one process:
//
//     worker_node.mjs MODULE=FOLDER... PLAN.json
//
// MODULE.mjs lies beside this file and opens a model with what is in FOLDER. Contenders are opened in the order given. If
// there are two, each answers a step alone before the other does, the one that began the last step second.
import {readFileSync} from "node:fs";

const plan = JSON.parse(readFileSync(process.argv.at(-1), "utf8"));
const seconds = () => performance.now() / 1000;

const opening = seconds();
const contenders = [];
for (const named of process.argv.slice(2, -1)) {
    const [name, folder] = named.split("=");
    const {open} = await import(new URL(`${name}.mjs`, import.meta.url));
    contenders.push(await open(plan, folder));
}
const opened = seconds() - opening;
console.log("ready");

const steps = [];
for (const [number, requests] of plan.steps.entries()) {
    const start = seconds();
    const answers = contenders.map(() => []);
    for (let turn = 0; turn < contenders.length; turn++) {
        const one = (number + turn) % contenders.length;
        answers[one] = await Promise.all(requests.map(contenders[one]));
    }
    steps.push({wall_s: seconds() - start, answers: answers.flat()});
}
console.log(JSON.stringify({open_s: opened, steps}));
process.exit(0);
