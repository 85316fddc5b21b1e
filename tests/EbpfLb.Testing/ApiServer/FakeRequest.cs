namespace EbpfLb.Testing.ApiServer;

/// <summary>A request the fake server got.</summary>
/// <param name="Verb">list, watch, get or create; "" for other paths.</param>
/// <param name="Query">Decoded.</param>
/// <param name="Protocol">HTTP/1.1 or HTTP/2.</param>
/// <param name="User">Common name of the client certificate, or "token:" and the token; null when anonymous.</param>
/// <param name="ServerName">The name the client asked for by TLS SNI; null when none.</param>
public sealed record FakeRequest(
    string Verb, string Path, IReadOnlyDictionary<string, string> Query, string Protocol, string? User, string? ServerName)
{
    /// <summary>Equal for the requests of one TCP connection.</summary>
    public string Connection { get; init; } = "";
}
