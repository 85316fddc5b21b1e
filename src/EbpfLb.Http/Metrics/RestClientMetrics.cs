namespace EbpfLb.Http.Metrics;

/// <summary>Requests to one API server that had one outcome.</summary>
/// <param name="Code">HTTP status, or a word when no answer came.</param>
public sealed record RestClientReading(string Code, string Method, string Host, long Requests);

/// <summary>Requests to API servers, under the name that every Kubernetes component uses.</summary>
public sealed class RestClientMetrics
{
    public RestClientMetrics(MetricRegistry metrics, Func<IEnumerable<RestClientReading>> readings)
        => metrics.ObserveCounter(
            "rest_client_requests_total", "Requests to API servers by status, method and server", ["code", "host", "method"],
            () => readings().Select(r => new Reading(r.Requests, r.Code, r.Host, r.Method)));
}
