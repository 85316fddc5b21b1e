using System.Text.Json;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Agent.Control;

/// <summary>The agent's end of <see cref="ControlDrains"/>.</summary>
internal sealed class DrainRequests(IDrainView? drains)
{
    public const string List = "/drains";
    public const string Drain = "/drains/drain";
    public const string Undrain = "/drains/undrain";

    public IEnumerable<Route> Routes => drains is null ? [] :
    [
        Route.Get(List, context => AnswerAsync(context, drains.ListAsync), Asker.Owner),
        Change(Drain, drains.DrainAsync),
        Change(Undrain, drains.UndrainAsync),
    ];

    private static Route Change(string path, Func<DrainQuery, CancellationToken, Task<DrainReport>> change)
        => Route.Post(path, context => AnswerAsync(context, async token =>
        {
            var query = await JsonSerializer.DeserializeAsync(context.Request.Body, ControlJson.Default.DrainQuery, token);
            return await change(query ?? throw new FormatException("the request says no backend"), token);
        }), Asker.Owner, FlowRequests.MostBytes);

    private static async Task AnswerAsync(HttpContext context, Func<CancellationToken, Task<DrainReport>> answer)
    {
        try
        {
            await Respond.JsonAsync(
                context, StatusCodes.Status200OK, await answer(context.RequestAborted), ControlJson.Default.DrainReport);
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
}
