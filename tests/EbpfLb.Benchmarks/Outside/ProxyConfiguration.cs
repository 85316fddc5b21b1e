using System.Globalization;
using System.Text;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Outside;

/// <summary>
/// Proxies of TCP with the services that the rules of tools/peers have: ClusterIP, two backends each that nobody reaches and, as far as the
/// range lasts, a NodePort; the last one is the measured one.
/// </summary>
internal static class ProxyConfiguration
{
    /// <summary>Of all services but the measured one, which is asked by its NodePort alone.</summary>
    public const string ClusterIPs = "10.100.0.0/14";

    /// <summary>Connections that nginx has room for, clients' and backends'.</summary>
    private const int Connections = 4096;

    public static string HaProxy(int services, string backend)
    {
        var text = new StringBuilder("""
            defaults
                mode tcp
                timeout connect 5s
                timeout client 60s
                timeout server 60s

            """);
        for (var i = 1; i < services; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"listen svc{i}\n");
            foreach (var listener in Listeners(i)) text.Append(CultureInfo.InvariantCulture, $"    bind {listener}\n");
            for (var j = 0; j < 2; j++)
                text.Append(CultureInfo.InvariantCulture, $"    server pod{j} {Peer.Endpoint(i, j)}:8080\n");
        }
        return text.Append(CultureInfo.InvariantCulture, $"listen web\n    bind :{Peer.NodePort}\n    server pod {backend}\n").ToString();
    }

    /// <param name="directory">For its pid file.</param>
    public static string Nginx(int services, string backend, string directory)
    {
        // A listener takes a connection of each worker.
        var listeners = Enumerable.Range(1, services - 1).Sum(i => Listeners(i).Count());
        var text = new StringBuilder($$"""
            load_module {{StreamModule()}};
            daemon off;
            worker_processes auto;
            pid {{directory}}/pid;
            error_log stderr;
            events { worker_connections {{Connections + listeners}}; }
            stream {
                server { listen {{Peer.NodePort}} backlog=4096; proxy_pass {{backend}}; }

            """);
        for (var i = 1; i < services; i++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"    upstream svc{i} {{ server {Peer.Endpoint(i, 0)}:8080; server {Peer.Endpoint(i, 1)}:8080; }}\n    server {{ ");
            foreach (var listener in Listeners(i)) text.Append(CultureInfo.InvariantCulture, $"listen {listener}; ");
            text.Append(CultureInfo.InvariantCulture, $"proxy_pass svc{i}; }}\n");
        }
        return text.Append("}\n").ToString();
    }

    private static IEnumerable<string> Listeners(int service)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{Peer.Address(service)}:80");
        if (Peer.NodePortOf(service) is var port and > 0) yield return string.Create(CultureInfo.InvariantCulture, $"0.0.0.0:{port}");
    }

    /// <summary>Beside nginx where tools/install-deps.sh unpacked it, else where its package has it.</summary>
    private static string StreamModule()
    {
        var unpacked = Path.Combine(RepositoryPaths.Root, "build", "tools", "ngx_stream_module.so");
        return File.Exists(unpacked) ? unpacked : "/usr/lib/nginx/modules/ngx_stream_module.so";
    }
}
