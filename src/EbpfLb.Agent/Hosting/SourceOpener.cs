using EbpfLb.Agent.Options;
using EbpfLb.Kubernetes;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Hosting;

/// <summary>Makes the source that the options name.</summary>
internal static class SourceOpener
{
    /// <exception cref="StartException">The connection's configuration cannot be used.</exception>
    public static IClusterSource Open(StartOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        try
        {
            // A typo would else look like a cluster without Services; what is missing later keeps the last state.
            if (options.Manifests is { } missing && !File.Exists(missing) && !Directory.Exists(missing))
                throw new StartException($"{OptionNames.Manifests} {missing}: there is no such file or directory; correct the path, or "
                    + "make the directory first (it may be empty: what is put into it is read)");
            return options.Manifests is { } path
                ? new ManifestSource(new ManifestOptions(path, options.NodeName), time, loggers.CreateLogger<ManifestSource>())
                : OpenApiServer(options, time, loggers);
        }
        catch (ConnectionException e)
        {
            throw new StartException(e.Message, e);
        }
    }

    /// <summary>A ConfigMap that is given as a file has the kubeconfig beside it that would be mounted in a pod.</summary>
    private static ApiConnection Kubeconfig(string file, string? embedded, TimeProvider time)
        => embedded is not null && !File.Exists(file) ? KubeconfigFile.Read(file, embedded, time: time)
            : KubeconfigFile.Load(file, time: time);

    private static ApiServerSource OpenApiServer(StartOptions options, TimeProvider time, ILoggerFactory loggers) => new(
        ConnectionOf(options, time), new ApiServerSourceOptions(options.NodeName) { AllNodes = options.Tunnel.IsUsed }, time, new Random(),
        loggers.CreateLogger<ApiServerSource>());

    /// <summary>How the API server is reached.</summary>
    /// <exception cref="StartException">No option says it, and this is no pod.</exception>
    /// <exception cref="ConnectionException">What says it cannot be used.</exception>
    public static ApiConnection ConnectionOf(StartOptions options, TimeProvider time)
    {
        if (options.KubeConfig is null && !InClusterConfig.IsAvailable(Environment.GetEnvironmentVariable))
        {
            throw new StartException("there is no source: this process runs in no pod with a service account; "
                + $"give {OptionNames.Manifests} PATH for a stand-alone load balancer, or {OptionNames.Kubeconfig} FILE");
        }
        var servers = options.ApiServers.Select(u => u.ToString()).ToArray();
        return options.KubeConfig is { } file
            ? Kubeconfig(file, options.EmbeddedKubeconfig, time).WithServers(servers)
            : InClusterConfig.Load(Environment.GetEnvironmentVariable, servers);
    }
}
