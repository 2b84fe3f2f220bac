/* Asks a model a question and prints the answer as it comes. Usage: chat MODEL.gguf "QUESTION" */
#include <llmodel.h>
#include <stdio.h>
#include <stdlib.h>

/* Says what went wrong, on the error's own terms, and lets go of it. */
static int fail(llmodel_status status, llmodel_error *error) {
    fprintf(stderr, "%s: %s\n", llmodel_status_name(status), llmodel_error_message(error));
    llmodel_error_free(error);
    return EXIT_FAILURE;
}

static int32_t show_progress(float progress, void *user) {
    (void)user;
    fprintf(stderr, "\rloading %3d %%", (int)(progress * 100));
    return 0; /* anything else would cancel */
}

/* Writes `text` as a JSON string. A program of some size would use a JSON library. */
static void print_json_string(FILE *out, const char *text) {
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; ++c) {
        if (*c == '"' || *c == '\\') {
            fprintf(out, "\\%c", *c);
        } else if (*c < 0x20) {
            fprintf(out, "\\u%04x", *c);
        } else {
            fputc(*c, out);
        }
    }
    fputc('"', out);
}

static char *chat_request(const char *question) {
    char *request = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&request, &size);
    if (out == NULL) {
        return NULL;
    }
    fputs("{\"messages\": [{\"role\": \"user\", \"content\": ", out);
    print_json_string(out, question);
    fputs("}], \"max_tokens\": 100, \"temperature\": 0}", out);
    fclose(out);
    return request;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL.gguf \"QUESTION\"\n", argv[0]);
        return EXIT_FAILURE;
    }

    llmodel_error *error = NULL;
    llmodel_model *model = NULL;
    llmodel_status status = llmodel_open(argv[1], "{\"n_ctx\": 2048}", show_progress, NULL, &model, &error);
    fputc('\n', stderr);
    if (status != LLMODEL_OK) {
        return fail(status, error);
    }

    char *request = chat_request(argv[2]);
    llmodel_task *task = NULL;
    status = request == NULL ? LLMODEL_OUT_OF_MEMORY : llmodel_submit(model, "chat", request, &task, &error);
    free(request);

    /* Pull events until the last: pieces of text as they come, then everything else at once. */
    llmodel_event event = {LLMODEL_EVENT_NONE, 0, NULL, 0};
    while (status == LLMODEL_OK && event.kind != LLMODEL_EVENT_DONE) {
        status = llmodel_next(task, -1, &event, &error);
        if (event.kind == LLMODEL_EVENT_TEXT) {
            fwrite(event.data, 1, event.size, stdout);
            fflush(stdout);
        } else if (event.kind == LLMODEL_EVENT_RESULT) {
            fprintf(stderr, "\n%s\n", (const char *)event.data); /* finish reason, usage, timings */
        }
    }

    llmodel_task_free(task); /* NULL is fine */
    llmodel_close(model);
    return status == LLMODEL_OK ? EXIT_SUCCESS : fail(status, error);
}
