using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>What came of judging a certificate chain.</summary>
internal enum AnchorVerdict : byte
{
    /// <summary>A valid chain leads from the certificate to an anchor.</summary>
    Trusted,

    /// <summary>No chain does.</summary>
    Unknown,

    /// <summary>A chain does, and a certificate of it may not be a TLS server's.</summary>
    NoServer,
}

/// <param name="Detail">Statuses of the chain, or the subject of the certificate that is for other uses.</param>
internal readonly record struct AnchorJudgement(AnchorVerdict Verdict, string Detail);

/// <summary>
/// Judges a server's chain by a set of trust anchors as RFC 5280, section 6.1 defines them, and as Go does, so kube-proxy: any certificate
/// of the set ends a chain, whoever issued it. X509Chain alone only takes self-signed ones.
/// </summary>
internal static class TrustAnchors
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string AnyUsage = "2.5.29.37.0";

    /// <summary>What an anchor makes good: that the chain does not go on to a root of the system.</summary>
    private const X509ChainStatusFlags Harmless = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;

    /// <param name="presented">What the server sent beside its certificate.</param>
    /// <param name="now">In UTC.</param>
    public static AnchorJudgement Judge(
        X509Certificate2 certificate, X509Certificate2Collection? presented, X509Certificate2Collection anchors, DateTime now)
    {
        var first = Build(certificate, presented, anchors, now);
        if (first.Verdict == AnchorVerdict.Trusted || anchors.Count == 1) return first;
        // A chain is built by names. Of two CAs with one name - a CA that was renewed - the builder takes one and does not go back.
        foreach (var anchor in anchors)
        {
            var alone = Build(certificate, presented, [anchor], now);
            if (alone.Verdict == AnchorVerdict.Trusted) return alone;
        }
        return first;
    }

    private static AnchorJudgement Build(
        X509Certificate2 certificate, X509Certificate2Collection? presented, X509Certificate2Collection anchors, DateTime now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // A handshake must not fetch what a certificate's text names.
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now;
        chain.ChainPolicy.CustomTrustStore.AddRange(anchors);
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented);
        chain.Build(certificate);

        // Up to the first anchor everything must be right; what a server sends above it does not matter.
        foreach (var element in chain.ChainElements)
        {
            var wrong = element.ChainElementStatus.Where(s
                => (s.Status & ~Harmless) != X509ChainStatusFlags.NoError).Select(s => s.Status).ToList();
            if (wrong.Count > 0) return new(AnchorVerdict.Unknown, string.Join(", ", wrong));
            if (!IsForServers(element.Certificate)) return new(AnchorVerdict.NoServer, element.Certificate.Subject);
            if (anchors.Any(anchor => IsSame(anchor, element.Certificate))) return new(AnchorVerdict.Trusted, "");
        }
        return new(AnchorVerdict.Unknown, string.Join(", ", chain.ChainStatus.Select(s => s.Status)));
    }

    /// <summary>An anchor is a name and a key: a CA's certificate may be issued anew for the same key.</summary>
    private static bool IsSame(X509Certificate2 anchor, X509Certificate2 other)
        => anchor.SubjectName.RawData.AsSpan().SequenceEqual(other.SubjectName.RawData)
            && anchor.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(other.PublicKey.ExportSubjectPublicKeyInfo());

    /// <summary>
    /// Without the extension a certificate is for every use. A CA that has it limits what it issues, as in Go and OpenSSL.
    /// </summary>
    private static bool IsForServers(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
                .All(e => e.EnhancedKeyUsages.OfType<Oid>().Any(o => o.Value is ServerAuthentication or AnyUsage));
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
