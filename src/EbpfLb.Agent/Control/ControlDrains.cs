using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace EbpfLb.Agent.Control;

/// <summary>Asks the running agent about drains.</summary>
internal sealed class ControlDrains(HttpClient client) : IDrainView
{
    public async Task<DrainReport> ListAsync(CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(new Uri(DrainRequests.List, UriKind.Relative), cancellationToken);
        return await ReadAsync(response, DrainRequests.List, cancellationToken);
    }

    public Task<DrainReport> DrainAsync(DrainQuery query, CancellationToken cancellationToken)
        => PostAsync(DrainRequests.Drain, query, cancellationToken);

    public Task<DrainReport> UndrainAsync(DrainQuery query, CancellationToken cancellationToken)
        => PostAsync(DrainRequests.Undrain, query, cancellationToken);

    private async Task<DrainReport> PostAsync(string path, DrainQuery query, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync(
            new Uri(path, UriKind.Relative), query, ControlJson.Default.DrainQuery, cancellationToken);
        return await ReadAsync(response, path, cancellationToken);
    }

    private static async Task<DrainReport> ReadAsync(HttpResponseMessage response, string path, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new UnknownServiceException(await response.Content.ReadAsStringAsync(cancellationToken));
        if (response.StatusCode == HttpStatusCode.BadRequest)
            throw new FormatException(await response.Content.ReadAsStringAsync(cancellationToken));
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(ControlJson.Default.DrainReport, cancellationToken)
            ?? throw new JsonException($"the agent answered {path} with nothing; is it of another version?");
    }
}
