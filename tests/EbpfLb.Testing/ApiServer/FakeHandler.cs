using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Testing.ApiServer;

/// <summary>Answers requests: authentication, authorization and routing; lists and watches have their own types.</summary>
internal sealed class FakeHandler(
    FakeApiServerOptions options, FakeStore store, FakeWatches watches, FakeEvents events, FakeFaults faults, Action<FakeRequest> record,
    CancellationToken stopping)
{
    /// <summary>Where a connection keeps the name its client asked for.</summary>
    public const string ServerNameItem = "server name";

    private readonly FakeLists lists = new(options, store, faults);
    private readonly FakeWatcher watcher = new(options, store, watches, faults, stopping);

    public async Task HandleAsync(HttpContext context)
    {
        var (resource, name) = Route(context.Request.Path);
        var verb = resource is null ? "" : name is not null ? "get" : context.Request.Query["watch"] is ["true" or "1"] ? "watch" : "list";
        if (FakeEvents.NamespaceOf(context.Request) is not null) (resource, verb) = (FakeResource.Events, "create");
        var (user, isKnown) = Authenticate(context);
        record(new FakeRequest(
            verb,
            context.Request.Path,
            context.Request.Query.ToDictionary(q => q.Key, q => q.Value.ToString()),
            context.Request.Protocol,
            user,
            context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(ServerNameItem, out var asked) == true ? asked as string
                : null)
        {
            Connection = context.Connection.Id,
        });
        await faults.Held.WaitAsync(context.RequestAborted);
        context.Response.Headers.CacheControl = "no-cache, private";
        if (!isKnown)
        {
            await FakeAnswers.WriteAsync(context, FakeStatus.Unauthorized);
            return;
        }
        if (faults.TakeAnswer() is { } failure)
        {
            if (failure.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = $"{seconds}";
            await FakeAnswers.WriteAsync(
                context, failure.Code == 429 ? FakeStatus.TooManyRequests(failure.RetryAfter) : FakeStatus.Of(failure.Code));
        }
        else if (resource is not null && faults.IsForbidden(verb, resource.Plural))
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            await FakeAnswers.WriteAsync(context, FakeStatus.Forbidden(resource, verb, user ?? "system:anonymous"));
        }
        else
        {
            await AnswerAsync(context, verb, resource, name);
        }
    }

    private Task AnswerAsync(HttpContext context, string verb, FakeResource? resource, string? name)
    {
        if (verb != "watch")
        {
            context.Response.Headers["x-kubernetes-pf-flowschema-uid"] = "4cc6eae4-c980-4e15-a40d-332c7e482c3f";
            context.Response.Headers["x-kubernetes-pf-prioritylevel-uid"] = "85c4ac03-20aa-4cc7-9786-8f41c2818c5d";
        }
        return (verb, context.Request.Path.Value) switch
        {
            ("list", _) => lists.AnswerAsync(context, resource!),
            ("watch", _) => watcher.AnswerAsync(context, resource!),
            ("create", _) => events.AnswerAsync(context),
            ("get", _) => GetAsync(context, resource!, name!),
            (_, "/healthz" or "/livez" or "/readyz") => FakeAnswers.WriteAsync(context, 200, "text/plain; charset=utf-8", "ok"u8.ToArray()),
            (_, "/version") => FakeAnswers.WriteAsync(context, 200, "application/json", """
                {"major":"1","minor":"21","gitVersion":"v1.21.2-k3s1","gitCommit":"faffd6ecd237a32315a462a25c1cce1f24a9a506","gitTreeState":"clean",
                "buildDate":"2021-06-18T03:51:40Z","goVersion":"go1.19.8","compiler":"gc","platform":"linux/amd64"}
                """u8.ToArray()),
            _ => FakeAnswers.WriteAsync(context, FakeStatus.NoSuchPath),
        };
    }

    private Task GetAsync(HttpContext context, FakeResource resource, string key)
        => store.Snapshot(resource).Objects.TryGetValue(key, out var found)
            ? FakeAnswers.WriteAsync(context, 200, "application/json", found.Full)
            : FakeAnswers.WriteAsync(context, FakeStatus.NotFound(resource, key[(key.IndexOf('/') + 1)..]));

    private (string? User, bool IsKnown) Authenticate(HttpContext context)
    {
        if (context.Connection.ClientCertificate is { } certificate)
        {
            var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            return (name, faults.IsAcceptedUser(name));
        }
        var header = context.Request.Headers.Authorization.ToString();
        var token = header.StartsWith("Bearer ", StringComparison.Ordinal) ? header["Bearer ".Length..] : null;
        return (token is null ? null : $"token:{token}", faults.IsAccepted(token));
    }

    /// <summary>A collection, or an object of one: /api/v1/nodes/NAME, /api/v1/namespaces/NS/services/NAME.</summary>
    private (FakeResource? Resource, string? Key) Route(string path)
    {
        foreach (var resource in FakeResource.All.Where(r => r != FakeResource.ServiceCidrs || options.HasServiceCidrs))
        {
            if (path == resource.Path) return (resource, null);
            if (path.StartsWith(resource.Path + "/", StringComparison.Ordinal)) return (resource, path[(resource.Path.Length + 1)..]);
            var prefix = resource.Path[..^resource.Plural.Length] + "namespaces/";
            if (path.StartsWith(prefix, StringComparison.Ordinal) && path[prefix.Length..].Split('/') is [var ns, var plural, var name]
                && plural == resource.Plural)
                return (resource, $"{ns}/{name}");
        }
        return (null, null);
    }
}
