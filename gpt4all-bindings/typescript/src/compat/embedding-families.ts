/** Which embedding models are known, the task prefixes they were trained with, and the sizes they may be cut to. */

import { basename } from "node:path";

/** document: the prefix of texts that are searched. tasks: every valid prefix. matryoshka: sizes to cut to. */
export interface Family {
  document: string;
  tasks: string[];
  matryoshka: number[];
}

function family(tasks: string[] = [""], matryoshka: number[] = []): Family {
  return { document: tasks[0] as string, tasks, matryoshka };
}

const NOMIC = ["search_document", "search_query", "clustering", "classification"];
const E5_INSTRUCT = family(["", "Instruct: Given a query, retrieve relevant passages that answer the query\nQuery"]);

const FAMILIES: [RegExp, Family][] = [
  [/^all-minilm-l(6|12)-v[12]$/, family()],
  [/^nomic-embed-text-v1(-ablated|-unsupervised)?$/, family(NOMIC)],
  [/^nomic-embed-text-v1\.5$/, family(NOMIC, [768, 512, 384, 256, 128])],
  [
    /^llm-embedder$/,
    family(["Represent this document for retrieval", "Represent this query for retrieving relevant documents"]),
  ],
  [/^bge-(small|base|large)-en(-v1\.5)?$/, family(["", "Represent this sentence for searching relevant passages"])],
  [/^e5-(small|base|large)(-unsupervised|-v2)?$/, family(["passage", "query"])],
  [/^e5-mistral-7b-instruct$|^multilingual-e5-(small|base|large|large-instruct)$/, E5_INSTRUCT],
];

// What file names have behind the model's name: the format's generation and the type of the weights.
const ENDING = /([.-](gguf\d?|f16|f32|bf16|q\d[_a-z0-9]*|iq\d[_a-z0-9]*))+$/;

/** The family of the model of that name, as its file has it, or else of that file name; undefined for neither. */
export function familyOf(name: string, path: string): Family | undefined {
  for (const candidate of [name, basename(path)]) {
    const plain = candidate.toLowerCase().trim().split(/\s+/).join("-");
    for (const spelling of [plain, plain.replace(ENDING, "")]) {
      const found = FAMILIES.find(([pattern]) => pattern.test(spelling));
      if (found) {
        return found[1];
      }
    }
  }
  return undefined;
}
