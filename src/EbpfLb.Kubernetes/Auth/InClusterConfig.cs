using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>The connection a pod has by its service account.</summary>
public static class InClusterConfig
{
    /// <summary>Where kubelet mounts token, ca.crt and namespace.</summary>
    public const string DefaultDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Whether this looks like a pod: kubelet has set the address, or mounted the account.</summary>
    public static bool IsAvailable(Func<string, string?> environment, string directory = DefaultDirectory)
        => !string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_HOST")) && File.Exists(Path.Combine(directory, "token"));

    /// <summary>Reads it.</summary>
    /// <param name="environment">Reads environment variables.</param>
    /// <param name="servers">
    /// --api-server; needed in a cluster without kube-proxy, where the address in the environment is a ClusterIP that
    /// nobody serves before this agent does.
    /// </param>
    /// <exception cref="ConnectionException">Something is missing; the message says what.</exception>
    public static ApiConnection Load(
        Func<string, string?> environment, IReadOnlyList<string>? servers = null, string directory = DefaultDirectory)
    {
        const string where = "in-cluster configuration";
        string tokenPath = Path.Combine(directory, "token"), authorityPath = Path.Combine(directory, "ca.crt");
        foreach (var path in new[] { tokenPath, authorityPath })
        {
            if (!File.Exists(path))
            {
                throw new ConnectionException(
                    $"{where}: {path} does not exist; set automountServiceAccountToken: true on the pod, or use {OptionNames.Kubeconfig} "
                        + "outside a pod");
            }
        }
        var authority = new PemSource(authorityPath, null, authorityPath);
        _ = authority.ReadCertificates();
        var connection = new ApiConnection([], where)
        {
            Namespace = ReadNamespace(directory),
            Trust = new ServerTrust(authority),
            Credentials = new TokenFile(tokenPath, where),
        };
        return servers is { Count: > 0 }
            ? connection.WithServers(servers)
            : connection with
            {
                Servers = [ServerOf(environment, where)],
                UnreachableHint = "in a cluster without kube-proxy nobody serves this ClusterIP yet: give the server's own address "
                    + $"with {OptionNames.ApiServer}",
            };
    }

    private static Uri ServerOf(Func<string, string?> environment, string where)
    {
        if (environment("KUBERNETES_SERVICE_HOST") is not { Length: > 0 } host
            || environment("KUBERNETES_SERVICE_PORT") is not { Length: > 0 } port)
        {
            throw new ConnectionException(
                $"{where}: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set; give "
                    + $"{OptionNames.ApiServer}, or {OptionNames.Kubeconfig} "
                    + "outside a pod");
        }
        var url = $"https://{(host.Contains(':') ? $"[{host}]" : host)}:{port}";
        return ServerUrl.Parse(url, $"{where}, KUBERNETES_SERVICE_HOST and _PORT");
    }

    private static string? ReadNamespace(string directory)
    {
        var path = Path.Combine(directory, "namespace");
        return File.Exists(path) ? NamedFile.ReadText(path, "in-cluster configuration").Trim() : null;
    }
}
