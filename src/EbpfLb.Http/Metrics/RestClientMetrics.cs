using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>Requests to one API server that had one outcome.</summary>
/// <param name="Code">HTTP status, or a word when no answer came.</param>
public sealed record RestClientReading(string Code, string Method, string Host, long Requests);

/// <summary>Requests to API servers, under the name that every Kubernetes component uses.</summary>
public sealed class RestClientMetrics
{
    public RestClientMetrics(Meter meter, Func<IEnumerable<RestClientReading>> readings)
        => meter.CreateObservableCounter("rest_client_requests_total",
            () => readings().Select(r => new Measurement<long>(r.Requests, new("code", r.Code), new("host", r.Host), new("method", r.Method))), null,
            "Requests to API servers by status, method and server");
}
