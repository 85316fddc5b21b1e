using System.Security.Cryptography.X509Certificates;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>What to show the server: a bearer token, a client certificate, both or nothing.</summary>
internal sealed record ApiCredential(string? Token = null, X509Certificate2? Certificate = null)
{
    public static ApiCredential None { get; } = new();
}

/// <summary>Where credentials come from. Asked before every request, which are few: lists, and a watch every five minutes.</summary>
internal abstract class ApiCredentials
{
    /// <summary>For the explanation of a 401: "the token in /var/run/...".</summary>
    public abstract string Description { get; }

    /// <param name="refused">The server has just refused what was given last: do not give it from a cache again.</param>
    /// <exception cref="ConfigException">They cannot be had.</exception>
    public abstract ValueTask<ApiCredential> GetAsync(bool refused, CancellationToken cancellationToken);
}

/// <summary>Anonymous.</summary>
internal sealed class NoCredentials : ApiCredentials
{
    public override string Description => "no credentials (anonymous)";

    public override ValueTask<ApiCredential> GetAsync(bool refused, CancellationToken cancellationToken) => new(ApiCredential.None);
}

/// <summary>A token written into the configuration.</summary>
/// <param name="where">File and field.</param>
internal sealed class StaticToken(string token, string where) : ApiCredentials
{
    private readonly ApiCredential credential = new(token);

    public override string Description => $"the token of {where}";

    public override ValueTask<ApiCredential> GetAsync(bool refused, CancellationToken cancellationToken) => new(credential);
}

/// <summary>
/// A token in a file, which is read anew for each request: kubelet rotates projected tokens by swapping a symbolic
/// link, so the file's time stamp says nothing, and a read of a kilobyte costs nothing.
/// </summary>
/// <param name="where">What named the file.</param>
internal sealed class TokenFile(string path, string where) : ApiCredentials
{
    public override string Description => $"the token in {path}";

    public override async ValueTask<ApiCredential> GetAsync(bool refused, CancellationToken cancellationToken)
    {
        var token = (await ConfigFile.ReadTextAsync(path, where, cancellationToken)).Trim();
        return token.Length > 0
            ? new ApiCredential(token)
            : throw new ConfigException($"{where}: {path} is empty; it must hold a bearer token");
    }
}

/// <summary>A client certificate with its key as PEM; files are read anew so that a rotated pair is used for new connections.</summary>
internal sealed class ClientCertificate(PemSource certificate, PemSource key) : ApiCredentials
{
    private readonly Lock gate = new();
    private (string Certificate, string Key, ApiCredential Credential)? known;

    public override string Description => $"the client certificate of {certificate.Where}";

    public override ValueTask<ApiCredential> GetAsync(bool refused, CancellationToken cancellationToken)
    {
        string certificatePem = certificate.Read(), keyPem = key.Read();
        lock (gate)
        {
            if (known is { } k && k.Certificate == certificatePem && k.Key == keyPem) return new(k.Credential);
            var credential = new ApiCredential(Certificate: PemSource.ReadPair(certificatePem, keyPem, certificate.Where, key.Where));
            known = (certificatePem, keyPem, credential);
            return new(credential);
        }
    }
}
