using System.Security.Cryptography.X509Certificates;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>What to show the server: a bearer token, a client certificate, both or nothing.</summary>
internal sealed record ApiCredential(string? Token = null, X509Certificate2? Certificate = null)
{
    public static ApiCredential None { get; } = new();

    /// <summary>The certificates between <see cref="Certificate"/> and a CA that the server knows.</summary>
    public X509Certificate2Collection Intermediates { get; init; } = [];

    /// <summary>Equal for equal certificate chains; "" without a certificate. A connection belongs to one such identity.</summary>
    public string Identity
        => Certificate is null ? "" : string.Join(' ', [Certificate.Thumbprint, .. Intermediates.Select(c => c.Thumbprint)]);

    /// <summary>Whether this shows the same as the other, which the server has refused.</summary>
    public bool IsSameAs(ApiCredential? other) => other is not null && other.Token == Token && other.Identity == Identity;
}

/// <summary>Where credentials come from. Asked before every request, which are few: lists, and a watch every five minutes.</summary>
internal abstract class ApiCredentials
{
    /// <summary>For the explanation of a 401: "the token in /var/run/...".</summary>
    public abstract string Description { get; }

    /// <param name="refused">What the server has just refused: do not give it from a cache again.</param>
    /// <exception cref="ConnectionException">They cannot be had.</exception>
    public abstract ValueTask<ApiCredential> GetAsync(ApiCredential? refused, CancellationToken cancellationToken);
}

/// <summary>Anonymous.</summary>
internal sealed class NoCredentials : ApiCredentials
{
    public override string Description => "no credentials (anonymous)";

    public override ValueTask<ApiCredential> GetAsync(ApiCredential? refused, CancellationToken cancellationToken)
        => new(ApiCredential.None);
}

/// <summary>A token written into the configuration.</summary>
/// <param name="where">File and field.</param>
/// <exception cref="ConnectionException">No header can carry it.</exception>
internal sealed class StaticToken(string token, string where) : ApiCredentials
{
    private readonly ApiCredential credential = new(FieldText.Token(token, where));

    public override string Description => $"the token of {where}";

    public override ValueTask<ApiCredential> GetAsync(ApiCredential? refused, CancellationToken cancellationToken) => new(credential);
}

/// <summary>
/// A token in a file, which is read anew for each request: kubelet rotates projected tokens by swapping a symbolic
/// link, so the file's time stamp says nothing, and a read of a kilobyte costs nothing.
/// </summary>
/// <param name="where">What named the file.</param>
internal sealed class TokenFile(string path, string where) : ApiCredentials
{
    public override string Description => $"the token in {path}";

    public override ValueTask<ApiCredential> GetAsync(ApiCredential? refused, CancellationToken cancellationToken)
        => new(new ApiCredential(FieldText.Token(NamedFile.ReadText(path, where), $"{where}: {path}")));
}

/// <summary>A client certificate with its key as PEM; files are read anew so that a rotated pair is used for new connections.</summary>
internal sealed class ClientCertificate(PemSource certificate, PemSource key) : ApiCredentials
{
    private readonly Lock gate = new();
    private (string Certificate, string Key, ApiCredential Credential)? known;

    public override string Description => $"the client certificate of {certificate.Where}";

    public override ValueTask<ApiCredential> GetAsync(ApiCredential? refused, CancellationToken cancellationToken)
    {
        string certificatePem = certificate.Read(), keyPem = key.Read();
        lock (gate)
        {
            if (known is { } k && k.Certificate == certificatePem && k.Key == keyPem) return new(k.Credential);
            var credential = PemSource.ReadPair(certificatePem, keyPem, certificate.Where, key.Where);
            known = (certificatePem, keyPem, credential);
            return new(credential);
        }
    }
}

/// <summary>A client certificate and a token.</summary>
internal sealed class BothCredentials(ApiCredentials certificate, ApiCredentials token) : ApiCredentials
{
    public override string Description => $"{certificate.Description} with {token.Description}";

    public override async ValueTask<ApiCredential> GetAsync(ApiCredential? refused, CancellationToken cancellationToken)
    {
        var shown = await certificate.GetAsync(refused, cancellationToken);
        return new ApiCredential(
            (await token.GetAsync(refused, cancellationToken)).Token, shown.Certificate) { Intermediates = shown.Intermediates };
    }
}
