"""What people are told, by codes: the page has a text for each in each of its languages, programs get the English."""

from __future__ import annotations

from enum import Enum
from typing import Any


class Code(Enum):
    """The name, in small letters, is the code; the value is the English text, with names of values in braces."""

    @property
    def code(self) -> str:
        return self.name.lower()

    def text(self, **values: str | int) -> str:
        """In English."""
        return str(self.value).format(**values)

    @classmethod
    def known(cls) -> dict[str, Any]:
        """For a schema: the codes that there are now. Others may follow."""
        return {"x-extensible-enum": [each.code for each in cls]}


class FitReason(Code):
    """Why a model suits a machine, or does not."""

    DISK = "the download has {download}, and the disk has {free} free"
    GPU = "needs about {needed}; {gpu} has {free} free"
    MEMORY = "needs about {needed} of the {total}"
    MEMORY_EXCEEDED = "needs about {needed} of memory, and this machine has {total}"
    MEMORY_FREE = "needs about {needed} of the {total}; {free} are free"
    MEMORY_MOSTLY = "needs about {needed} of the {total}, which leaves little for others"
    MEMORY_TAKEN = "needs about {needed} of memory, and {free} are free now"
    MEMORY_UNKNOWN = "needs about {needed}; how much memory there is, is not known"


class Remedy(Code):
    """What can be done about an error."""

    ADD_DOCUMENTS = "Add the documents again, under that name."
    ADD_FOLDER = "Add its folder in the settings, under Further folders."
    ATTACH_TEXT = "Attach the text of the picture."
    BEGIN_NEW_CHAT = "Begin a new chat."
    CHOOSE_DOCUMENTS = "Choose other documents for this chat."
    CHOOSE_FROM_CATALOGUE = "Choose a model of the catalogue."
    CHOOSE_INSTALLED_MODEL = "Choose a model that is installed."
    CHOOSE_OTHER_FILE = "Choose another file; this one may be damaged or of an unknown kind."
    CHOOSE_OTHER_MODEL = "Choose another model."
    CHOOSE_OTHER_QUANTIZATION = "Choose another model or another quantisation of it."
    CHOOSE_RERANKER = "Choose another reranker, or none, in the settings."
    CHOOSE_SMALLER = "Choose a smaller model, or a smaller quantisation of this one."
    CHOOSE_SMALLER_DOWNLOAD = "Choose a smaller model or a smaller quantisation of it."
    CHOOSE_SMALLER_NAMED = "Choose a smaller model, such as {model}."
    CLOSE_OTHERS = "Close other models and programs."
    CONFIRM_EMBEDDING = "Confirm it, or keep the model that documents are embedded by."
    CORRECT_SCHEMA = "Correct the schema in the chat's settings."
    CORRECT_TEMPLATE = "Correct the template in the settings of the model or chat, or leave it empty."
    DELETE_MODELS = "Delete models that are no longer needed."
    DOWNLOAD_AGAIN = "Download the model again."
    DOWNLOAD_AGAIN_DAMAGED = "Download the model again; the file may be damaged."
    DOWNLOAD_EMBEDDING_MODEL = "Download the embedding model, under Models."
    DOWNLOAD_MODEL = "Download the model."
    DOWNLOAD_RERANKER = "Download it, under Models."
    END_DOCS_COMMAND = "End `gpt4all docs` in the other window, and try again."
    FREE_SPACE = "Free some space on that disk, and try again."
    FREE_SPACE_DOWNLOAD = "Free some space, and try again; what has come so far is kept."
    IMPORT_DOWNLOADED = "Import the model from a file that was downloaded in another way."
    IMPORT_MODEL = "Import a model from a file."
    INSTALL_DOCUMENTS = "Install them with: pip install 'gpt4all[documents]', and start the application again."
    LOOK_AT_CONNECTION = "Look at the connection to the internet, and try again."
    LOWER_CONTEXT = "Lower the context in the settings."
    MOVE_DATA = "Keep the data on another disk, with --data-folder."
    MOVE_MODELS = "Have models kept on another disk, with the environment variable GPT4ALL_CACHE."
    MOVE_TO_HOME = "Move it to your home folder."
    RAISE_CONTEXT = "Raise the context in the settings."
    RUN_AGAIN = "Run `gpt4all app` again; it opens the page anew."
    SHORTEN_MESSAGE = "Shorten the message or its attachments."
    STOP_ANSWER = "Stop the answer that is being written, or wait for its end."
    TRY_AGAIN = "Try again."
    TRY_AGAIN_DELETED = "Try again; what was damaged has been deleted."
    TRY_AGAIN_KEPT = "Try again; what has come so far is kept."
    TRY_AGAIN_REOPENED = "Try again; the model is opened anew."
    UNSET_OFFLINE = "Unset GPT4ALL_OFFLINE and HF_HUB_OFFLINE, and start the application again."
    UPDATE = "Update gpt4all, if the file is newer than this release."
    WAIT = "Wait a moment, and try again."


class Notice(Code):
    """What is said about an answer while it is written."""

    DOCUMENTS_NOT_READY = (
        "There is no document yet that an answer could come from{why}. The page about documents says more."
    )
    MAP_REDUCE = "The answer is made of notes on {parts} parts of the documents."
    MAP_REDUCE_INCOMPLETE = (
        "The answer is made of notes on {parts} parts of the documents; there is more than that, so these have what "
        "comes nearest to the question."
    )
    MESSAGE_SHORTENED = (
        "The message is too long for the context of {limit} tokens: {characters} characters in its midst are left out."
    )
    MESSAGES_DROPPED = (
        "The context of {limit} tokens has no room for the whole chat: the oldest {dropped} of {messages} messages are "
        "left out."
    )
    NOT_IN_DOCUMENTS = "Your documents say nothing about this: {searched} searched."
