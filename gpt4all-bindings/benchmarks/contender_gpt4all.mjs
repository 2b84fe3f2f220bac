// The TypeScript package, from its folder.
import {createRequire} from "node:module";

const seconds = () => performance.now() / 1000;

/** Opens the plan's model; gives what answers a request. */
export async function open({model: path, options}, folder) {
    const {Model} = createRequire(import.meta.url)(folder);
    const model = await Model.open(path, options);

    return async function answer({messages, prompt, ...request}) {
        const start = seconds();
        let first = 0, last = 0, pieces = 0, all = "";
        const asked = {...request, stream: true};
        const stream = messages ? model.chat(messages, asked) : model.complete(prompt, asked);
        for await (const text of stream) {
            all += text;
            last = seconds() - start;
            if (pieces++ === 0)
                first = last;
        }
        if (pieces === 0)
            first = last = seconds() - start;
        const {usage} = await stream.result;
        const {completion_tokens: tokens, prompt_tokens_details: {cached_tokens: cached}} = usage;
        return {first_s: first, last_s: last, pieces, tokens, cached, text: all};
    };
}
