/* That llmodel.h is C11 and that each of its functions can be called from C. Usage: c_header_test MODEL.gguf FOLDER */
#include "llmodel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static void check(int condition, const char *what, int line) {
    if (!condition) {
        fprintf(stderr, "line %d: %s\n", line, what);
        ++failures;
    }
}
#define CHECK(condition) check((condition), #condition, __LINE__)

static void log_message(llmodel_log_level level, const char *message, void *user) {
    (void)level;
    (void)message;
    ++*(int *)user;
}

static int32_t count_progress(float progress, void *user) {
    CHECK(progress >= 0.0F && progress <= 1.0F);
    ++*(int *)user;
    return 0;
}

/* Reads all of a task; the bytes of its text. */
static size_t read_all(llmodel_task *task) {
    llmodel_error *error = NULL;
    llmodel_event event = {LLMODEL_EVENT_NONE, 0, NULL, 0};
    size_t text = 0;
    while (event.kind != LLMODEL_EVENT_DONE) {
        if (llmodel_next(task, -1, &event, &error) != LLMODEL_OK) {
            fprintf(stderr, "%s\n", llmodel_error_message(error));
            llmodel_error_free(error);
            ++failures;
            break;
        }
        if (event.kind == LLMODEL_EVENT_TEXT) {
            CHECK(strlen((const char *)event.data) == event.size);
            text += event.size;
        }
    }
    return text;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL.gguf FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    const char *path = argv[1];
    char state[4096];
    char quantized[4096];
    snprintf(state, sizeof state, "%s/c_header_test.state", argv[2]);
    snprintf(quantized, sizeof quantized, "%s/c_header_test.gguf", argv[2]);

    CHECK(llmodel_abi_version() == LLMODEL_ABI_VERSION);
    CHECK(strchr(llmodel_build_info(), '{') != NULL);
    CHECK(strstr(llmodel_schema(), "chat_request") != NULL);
    CHECK(strcmp(llmodel_status_name(LLMODEL_CONTEXT_OVERFLOW), "context_overflow") == 0);

    int messages = 0;
    llmodel_set_log(log_message, &messages, LLMODEL_LOG_INFO);

    char *json = NULL;
    llmodel_error *error = NULL;
    CHECK(llmodel_devices(&json, &error) == LLMODEL_OK && error == NULL);
    llmodel_string_free(json);
    CHECK(llmodel_inspect(path, NULL, &json, &error) == LLMODEL_OK);
    llmodel_string_free(json);

    llmodel_model *model = NULL;
    CHECK(llmodel_open("no such file", NULL, NULL, NULL, &model, &error) == LLMODEL_NOT_FOUND);
    CHECK(llmodel_error_status(error) == LLMODEL_NOT_FOUND);
    CHECK(strstr(llmodel_error_message(error), "no such file") != NULL);
    CHECK(llmodel_error_detail(error)[0] == '{');
    llmodel_error_free(error);

    int steps = 0;
    CHECK(llmodel_open(path, "{\"n_ctx\": 256}", count_progress, &steps, &model, &error) == LLMODEL_OK);
    CHECK(steps > 0);
    CHECK(messages > 0);
    CHECK(llmodel_info(model, &json, &error) == LLMODEL_OK);
    llmodel_string_free(json);

    llmodel_task *task = NULL;
    const char *request = "{\"prompt\": \"the house is\", \"max_tokens\": 5, \"id_slot\": 0, \"ignore_eos\": true}";
    CHECK(llmodel_submit(model, "complete", request, &task, &error) == LLMODEL_OK);
    CHECK(read_all(task) > 0);
    llmodel_cancel(task);
    llmodel_task_free(task);

    CHECK(llmodel_save_state(model, state, NULL, NULL, &error) == LLMODEL_OK);
    CHECK(llmodel_restore_state(model, state, "{\"id_slot\": 0}", &json, &error) == LLMODEL_OK);
    llmodel_string_free(json);
    CHECK(remove(state) == 0);

    llmodel_close(model);
    CHECK(llmodel_quantize(path, quantized, "{\"type\": \"Q8_0\"}", NULL, NULL, &json, &error) == LLMODEL_OK);
    llmodel_string_free(json);
    CHECK(remove(quantized) == 0);
    CHECK(llmodel_imatrix(path, quantized, "{\"text\": \"the house is old\", \"n_ctx\": 4}", NULL, NULL, &json,
                          &error) == LLMODEL_OK);
    llmodel_string_free(json);
    CHECK(remove(quantized) == 0);
    llmodel_set_log(NULL, NULL, LLMODEL_LOG_NONE);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
