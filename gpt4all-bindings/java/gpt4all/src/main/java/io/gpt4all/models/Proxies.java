package io.gpt4all.models;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;

/** The proxy that $HTTPS_PROXY or $HTTP_PROXY names, but for the hosts of $NO_PROXY and this machine; else Java's. */
final class Proxies extends ProxySelector {
    @Override
    public List<Proxy> select(URI uri) {
        if (Addresses.isLoopback(uri.getHost()) || excepted(uri.getHost())) {
            return List.of(Proxy.NO_PROXY);
        }
        String named = variable(uri.getScheme() + "_proxy");
        if (named.isEmpty()) {
            return ProxySelector.getDefault().select(uri);
        }
        URI proxy = URI.create(named.contains("://") ? named : "http://" + named);
        int port = proxy.getPort() < 0 ? 80 : proxy.getPort();
        return List.of(new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port)));
    }

    private static boolean excepted(String host) {
        for (String each : variable("no_proxy").split(",")) {
            String suffix = each.strip().replaceFirst("^\\*?\\.", "");
            if (suffix.equals("*") || (!suffix.isEmpty() && (host.equals(suffix) || host.endsWith("." + suffix)))) {
                return true;
            }
        }
        return false;
    }

    private static String variable(String name) {
        String lower = System.getenv().getOrDefault(name, "");
        return lower.isEmpty() ? System.getenv().getOrDefault(name.toUpperCase(Locale.ROOT), "") : lower;
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException error) {
        // the request fails, which is told
    }
}
