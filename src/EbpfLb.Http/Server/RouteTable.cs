using Microsoft.AspNetCore.Http;

namespace EbpfLb.Http.Server;

/// <summary>Who may ask for something.</summary>
public enum Asker
{
    /// <summary>Whoever reaches the address.</summary>
    Anyone,

    /// <summary>The owner of a unix socket. A table with such a route is served on nothing else.</summary>
    Owner,
}

/// <summary>One thing that is answered. HEAD is answered where GET is.</summary>
/// <param name="Path">The whole path; with "*" at its end, all that begin so and are no other route's, and 404 does not name it.</param>
/// <param name="BodyBytes">Longest body of a request.</param>
public sealed record Route(string Method, string Path, RequestDelegate Handler, Asker Asker = Asker.Anyone, int BodyBytes = 0)
{
    public bool IsPrefix => Path.EndsWith('*');

    public static Route Get(string path, RequestDelegate handler, Asker asker = Asker.Anyone) => new(HttpMethods.Get, path, handler, asker);

    public static Route Post(string path, RequestDelegate handler, Asker asker = Asker.Anyone, int bodyBytes = 0)
        => new(HttpMethods.Post, path, handler, asker, bodyBytes);
}

/// <summary>All that a listener answers; 404 names the paths, 405 the method.</summary>
public sealed class RouteTable(IReadOnlyList<Route> routes)
{
    /// <summary>Longest body that any route takes.</summary>
    public int BodyBytes => routes.Max(r => r.BodyBytes);

    /// <summary>Whether only an owner's socket may serve it.</summary>
    public bool IsForOwner => routes.Any(r => r.Asker == Asker.Owner);

    public Task HandleAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? "");
        // What no route takes needs no path.
        if (!routes.Any(r => Takes(r, method))) return Respond.NotAllowedAsync(context, MethodsOf(routes));
        var there = routes.Where(r => r.Path == path).ToList();
        if (there.Count == 0) there = [.. routes.Where(r => r.IsPrefix && path.StartsWith(r.Path[..^1], StringComparison.Ordinal))];
        if (there.Count == 0) return Respond.NotFoundAsync(context, [.. routes.Where(r => !r.IsPrefix).Select(r => r.Path).Distinct()]);
        return there.Find(r => Takes(r, method)) is { } route ? route.Handler(context) : Respond.NotAllowedAsync(context, MethodsOf(there));
    }

    private static bool Takes(Route route, string method)
        => route.Method == method || (HttpMethods.IsHead(method) && HttpMethods.IsGet(route.Method));

    private static string MethodsOf(IReadOnlyList<Route> routes) => string.Join(", ", routes.Select(r => r.Method).Distinct()
        .SelectMany(method => HttpMethods.IsGet(method) ? [HttpMethods.Get, HttpMethods.Head] : (string[])[method]));
}
