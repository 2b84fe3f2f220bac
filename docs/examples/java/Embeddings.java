// The examples of docs/embeddings.md in Java.

// example: first
import io.gpt4all.GPT4All;
import java.util.List;
// end of example

public class Embeddings {
    // example: first
    static double cosine(float[] a, float[] b) { // the vectors have length 1
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
    // end of example

    public static void main(String[] arguments) {
        // example: first
        var model = GPT4All.load("all-MiniLM-L6-v2");
        var embeddings = model.embed(List.of("A cat sleeps.", "A kitten naps.", "Interest rates rose."));
        var vectors = embeddings.vectors();
        System.out.println(vectors.size() + " " + embeddings.dimension());
        System.out.println(cosine(vectors.get(0), vectors.get(1)) + " " + cosine(vectors.get(0), vectors.get(2)));
        // end of example

        // example: rerank
        var name = "hf://gpustack/bge-reranker-v2-m3-GGUF/bge-reranker-v2-m3-Q8_0.gguf";
        try (var reranker = GPT4All.load(name, options -> options.nCtx(256))) {
            var ranking = reranker.rerank("What do cats do?", List.of("Rates rose again.", "Cats sleep all day."));
            for (var ranked : ranking) {
                System.out.println(ranked.index() + " " + ranked.relevanceScore() + " " + ranked.document());
            }
        }
        // end of example

        // example: close
        model.close();
        // end of example
    }
}
