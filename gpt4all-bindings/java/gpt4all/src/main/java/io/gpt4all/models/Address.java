package io.gpt4all.models;

import java.util.function.BiFunction;

/**
 * Where a file is, and what is known of it beforehand.
 *
 * @param url the address
 * @param identity what is known
 * @param secret who may be told what; may be null
 * @param learn reads more out of an answer, such as the hub's header with the hash
 */
record Address(String url, Identity identity, Client.Secret secret, BiFunction<Identity, Response, Identity> learn) {}
