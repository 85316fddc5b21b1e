using System.Collections.Concurrent;

namespace EbpfLb.Kubernetes.Api;

/// <summary>One series of the requests to API servers.</summary>
/// <param name="Code">HTTP status, or "error" when no answer came.</param>
/// <param name="Method">"GET", "POST".</param>
/// <param name="Host">With its port.</param>
public readonly record struct RequestKind(string Code, string Method, string Host);

/// <summary>Counts requests to API servers; few, and of few kinds. Thread-safe.</summary>
public sealed class RequestCounts
{
    private const string NoAnswer = "error";

    private readonly ConcurrentDictionary<RequestKind, long> counts = [];

    public IReadOnlyDictionary<RequestKind, long> Read() => counts;

    internal void Answered(int code, HttpMethod method, Uri server)
        => Add(code.ToString(System.Globalization.CultureInfo.InvariantCulture), method, server);

    internal void Failed(HttpMethod method, Uri server) => Add(NoAnswer, method, server);

    private void Add(string code, HttpMethod method, Uri server)
        => counts.AddOrUpdate(new RequestKind(code, method.Method, server.Authority), 1, static (_, count) => count + 1);
}
