using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace EbpfLb.Agent.Control;

/// <summary>Asks the running agent about flows and drops.</summary>
internal sealed class ControlFlows(HttpClient client) : IFlowView
{
    public Task<FlowsReport> ListAsync(FlowQuery query, CancellationToken cancellationToken)
        => PostAsync(FlowRequests.List, query, ControlJson.Default.FlowsReport, cancellationToken);

    public Task<FlowCountReport> CountAsync(FlowQuery query, CancellationToken cancellationToken)
        => PostAsync(FlowRequests.Count, query, ControlJson.Default.FlowCountReport, cancellationToken);

    public Task<FlushReport> FlushAsync(FlowQuery query, CancellationToken cancellationToken)
        => PostAsync(FlowRequests.Flush, query, ControlJson.Default.FlushReport, cancellationToken);

    public async Task<DropsReport> DropsAsync(long after, TimeSpan wait, CancellationToken cancellationToken)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{FlowRequests.Drops}?after={after}&wait={wait.TotalSeconds}");
        return await client.GetFromJsonAsync(new Uri(path, UriKind.Relative), ControlJson.Default.DropsReport, cancellationToken)
            ?? throw Nothing(path);
    }

    private async Task<T> PostAsync<T>(string path, FlowQuery query, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync(
            new Uri(path, UriKind.Relative), query, ControlJson.Default.FlowQuery, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new UnknownServiceException(await response.Content.ReadAsStringAsync(cancellationToken));
        if (response.StatusCode == HttpStatusCode.BadRequest)
            throw new FormatException(await response.Content.ReadAsStringAsync(cancellationToken));
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw Nothing(path);
    }

    private static JsonException Nothing(string path) => new($"the agent answered {path} with nothing; is it of another version?");
}
