#include "error.h"

#include <new>

namespace llmodel {

Error cancelled_error() {
    return Error(LLMODEL_CANCELLED, "the request was cancelled");
}

Error current_error() {
    try {
        throw;
    } catch (const Error &error) {
        return error;
    } catch (const std::bad_alloc &) {
        return Error(LLMODEL_OUT_OF_MEMORY, "there is not enough memory for this request");
    } catch (const std::exception &error) {
        return Error(LLMODEL_INTERNAL, error.what());
    } catch (...) {
        return Error(LLMODEL_INTERNAL, "an exception of unknown type was thrown");
    }
}

} // namespace llmodel
