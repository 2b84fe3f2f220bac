#include "tasks/event_sink.h"

#include "json/parse.h"

namespace llmodel {

void EventSink::emit_json(llmodel_event_kind kind, int32_t index, const json &value) {
    emit(kind, index, dump_json(value));
}

void EventSink::emit_floats(llmodel_event_kind kind, int32_t index, const float *values, size_t count) {
    emit(kind, index, std::string(reinterpret_cast<const char *>(values), count * sizeof(float)));
}

} // namespace llmodel
