using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>
/// How to reach and be recognised by an API server; made by <see cref="InClusterConfig"/> or <see cref="KubeconfigFile"/>.
/// </summary>
/// <param name="Servers">At least one; the next one is tried when one cannot be reached. Replace it for --api-server.</param>
/// <param name="Origin">Where this comes from, for messages: "kubeconfig /root/.kube/config, context admin".</param>
public sealed record ApiConnection(IReadOnlyList<Uri> Servers, string Origin)
{
    /// <summary>The namespace the agent runs in, null when that is not known.</summary>
    public string? Namespace { get; init; }

    /// <summary>Things in the configuration that are not used, each in one line, for the log.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The file it was read from; null: it cannot change.</summary>
    internal ConnectionFile? File { get; init; }

    /// <summary>What else to try when no server can be reached.</summary>
    internal string? UnreachableHint { get; init; }

    internal ServerTrust Trust { get; init; } = new();

    internal ApiCredentials Credentials { get; init; } = new NoCredentials();

    /// <summary>The same with other servers, as --api-server says; each http(s)://host[:port].</summary>
    /// <exception cref="ConnectionException">Not such a URL; the message names it.</exception>
    public ApiConnection WithServers(IReadOnlyList<string> urls)
        => urls.Count == 0 ? this : this with
        {
            Servers = [.. urls.Select(u => ServerUrl.Parse(u, OptionNames.ApiServer))],
            UnreachableHint = null,
            File = File is null ? null : File with { Load = () => File.Load().WithServers(urls) },
        };
}
