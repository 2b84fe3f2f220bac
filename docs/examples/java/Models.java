// The examples of docs/models.md in Java.

// example: inspect
import io.gpt4all.GPT4All;
// end of example

// example: resolve
import io.gpt4all.models.Models;
// end of example

// example: pull
import io.gpt4all.models.Settings;
// end of example

// example: inspect
import io.gpt4all.types.MemoryEstimateDevice;
// end of example

class ModelsPage {
    public static void main(String[] arguments) {
        // example: resolve
        var path = Models.resolve("smollm2"); // the file, downloaded if it is not there
        System.out.println(path);
        // end of example

        // example: cached
        System.out.println(Models.verify("smollm2").ok());

        for (var model : Models.listCached()) {
            System.out.println(model.name() + " " + model.size());
        }
        // end of example

        // example: inspect
        var memory = GPT4All.inspect(path, options -> options.nCtx(4096)).memory();
        var devices = memory.devices().stream().map(MemoryEstimateDevice::name).toList();
        System.out.println(memory.total() + " bytes, in " + devices);
        // end of example

        // example: pull
        Models.pull(
                "smollm2",
                Settings.environment(),
                progress -> {
                    System.out.println(progress.phase() + " " + progress.doneBytes() + " " + progress.totalBytes());
                    return true;
                },
                false);
        // end of example
    }
}
