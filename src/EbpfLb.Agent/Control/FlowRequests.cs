using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Agent.Control;

/// <summary>The agent's end of <see cref="ControlFlows"/>: queries arrive as JSON, what is wrong with them goes back as text.</summary>
internal sealed class FlowRequests(IFlowView flows)
{
    public const string List = "/flows";
    public const string Count = "/flows/count";
    public const string Flush = "/flows/flush";
    public const string Drops = "/drops";

    /// <summary>Far more than any query has.</summary>
    public const int MostBytes = 65_536;

    /// <summary>Longest that an answer about drops is waited for.</summary>
    private const double MostSeconds = 5;

    public IEnumerable<Route> Routes =>
    [
        Query(List, context => AnswerAsync(context, flows.ListAsync, ControlJson.Default.FlowsReport)),
        Query(Count, context => AnswerAsync(context, flows.CountAsync, ControlJson.Default.FlowCountReport)),
        Query(Flush, context => AnswerAsync(context, flows.FlushAsync, ControlJson.Default.FlushReport)),
        Route.Get(Drops, DropsAsync, Asker.Owner),
    ];

    private static Route Query(string path, RequestDelegate handler) => Route.Post(path, handler, Asker.Owner, MostBytes);

    private static async Task AnswerAsync<T>(HttpContext context, Func<FlowQuery, CancellationToken, Task<T>> answer, JsonTypeInfo<T> type)
    {
        try
        {
            var query = await JsonSerializer.DeserializeAsync(context.Request.Body, ControlJson.Default.FlowQuery, context.RequestAborted)
                ?? new FlowQuery();
            await Respond.JsonAsync(context, StatusCodes.Status200OK, await answer(query, context.RequestAborted), type);
        }
        catch (UnknownServiceException e)
        {
            await Respond.TextAsync(context, e.Message, status: StatusCodes.Status404NotFound);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            await Respond.TextAsync(context, e.Message, status: StatusCodes.Status400BadRequest);
        }
    }

    private async Task DropsAsync(HttpContext context)
    {
        _ = long.TryParse(context.Request.Query["after"], out var after);
        var isNumber = double.TryParse(context.Request.Query["wait"], NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && !double.IsNaN(seconds);
        var wait = TimeSpan.FromSeconds(isNumber ? Math.Clamp(seconds, 0, MostSeconds) : 0);
        var report = await flows.DropsAsync(after, wait, context.RequestAborted);
        await Respond.JsonAsync(context, StatusCodes.Status200OK, report, ControlJson.Default.DropsReport);
    }
}
