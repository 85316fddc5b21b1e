using System.Text.Json;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Agent.Control;

/// <summary>The agent's end of <see cref="ControlHistory"/>.</summary>
internal sealed class HistoryRequests(IHistoryView? history)
{
    public const string Path = "/history";

    /// <summary>Longest that an answer is waited for.</summary>
    private const double MostSeconds = 5;

    public IEnumerable<Route> Routes
        => history is null ? [] : [Route.Post(Path, context => AnswerAsync(context, history), Asker.Owner, FlowRequests.MostBytes)];

    private static async Task AnswerAsync(HttpContext context, IHistoryView history)
    {
        try
        {
            var query = await JsonSerializer.DeserializeAsync(
                context.Request.Body, ControlJson.Default.HistoryQuery, context.RequestAborted) ?? new HistoryQuery();
            query = query with { WaitSeconds = Math.Clamp(query.WaitSeconds, 0, MostSeconds) };
            await Respond.JsonAsync(context, StatusCodes.Status200OK, await history.ReadAsync(query, context.RequestAborted),
                ControlJson.Default.HistoryReport);
        }
        catch (JsonException e)
        {
            await Respond.TextAsync(context, e.Message, status: StatusCodes.Status400BadRequest);
        }
    }
}
