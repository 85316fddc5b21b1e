using System.Net;
using System.Net.Sockets;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Kubernetes.Api;

/// <summary>Says in one line what went wrong with a request and what to do; pure.</summary>
internal static class ApiExplainer
{
    /// <summary>metav1.CauseTypeResourceVersionTooLarge.</summary>
    private const string TooLarge = "ResourceVersionTooLarge";

    /// <summary>Explains an answer that is no success.</summary>
    /// <param name="status">Body of the answer, null when it was no Status.</param>
    /// <param name="credentials">Description of what was shown to the server.</param>
    public static ApiException FromStatus(
        ApiCall call, Uri server, HttpStatusCode code, WireStatus? status, TimeSpan? retryAfter, string credentials)
    {
        var says = status?.Message is { Length: > 0 } message ? $" (the server says: {OneLine(message)})" : "";
        var what = $"cannot {call.Verb} {call.Plural} at {Show(server)}";
        if (status?.Details?.Causes is { } causes && causes.Any(c => c is { Reason: TooLarge }))
        {
            return new(ApiFailure.TooNew, $"{what}: the server has an older state than what was read of it before{says}; everything is "
                + "listed again, look whether it was restored from a backup", retryAfter);
        }
        return (int)code switch
        {
            400 => new(ApiFailure.BadRequest, $"{what}: the server does not understand the request{says}; is it older than "
                + "Kubernetes 1.21?"),
            401 => new(ApiFailure.Unauthorized, $"{what}: the server does not accept {credentials}{says}; renew it, or check that "
                + "it belongs to this cluster"),
            403 => new(ApiFailure.Forbidden, $"{what}: not allowed{says}; add to the agent's ClusterRole: {Rule(call)}"),
            404 => new(ApiFailure.NotFound, $"{what}: the server has no {Qualified(call)}{says}; Kubernetes 1.21 or newer is "
                + "needed, and the URL must be an API server's"),
            410 => new(ApiFailure.Expired, $"{what}: the resource version is too old{says}; the list is read again"),
            422 => new(ApiFailure.Invalid, $"{what}: the server refuses the request's options{says}; is it older than Kubernetes 1.21?"),
            429 => new(ApiFailure.Busy, $"{what}: too many requests{says}; it is tried again later, look at the server's API "
                + "priority and fairness if it stays", retryAfter),
            503 => new(ApiFailure.Unavailable, $"{what}: the server is not available{says}; it is tried again later, look at the server's "
                + "health if it stays", retryAfter),
            _ => new(ApiFailure.ServerError, $"{what}: HTTP {(int)code}{says}; it is tried again, look at the server's "
                + "log if it stays", retryAfter),
        };
    }

    /// <summary>Explains why no answer came. Decides on types and codes of the exceptions, never on their text.</summary>
    public static ApiException FromTransport(ApiCall call, Uri server, Exception exception)
    {
        var what = $"cannot {call.Verb} {call.Plural} at {Show(server)}";
        if (Find<ConnectionException>(exception) is { } config)
            return new(ApiFailure.Credentials, $"{what}: {config.Message}", inner: exception);
        if (Find<ServerTrustException>(exception) is { } trust) return new(ApiFailure.Tls, $"{what}: {trust.Message}", inner: exception);
        if (Find<UnresolvedNameException>(exception) is not null)
            return new(ApiFailure.Unreachable, $"{what}: the name {server.Host} does not resolve; check the name and this machine's "
                + "DNS, or use an address", inner: exception);
        if (exception is not (
            HttpRequestException or IOException or OperationCanceledException or InvalidDataException or ObjectDisposedException))
            return Unforeseen(call.Plural, exception);
        var error = (exception as HttpRequestException)?.HttpRequestError;
        if (error == HttpRequestError.SecureConnectionError)
        {
            return new(ApiFailure.Tls, $"{what}: the TLS handshake failed ({OneLine((exception.InnerException ?? exception).Message)}); "
                + "is the port an API server's, and is the client certificate of this cluster?", inner: exception);
        }
        return Find<SocketException>(exception)?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => new(ApiFailure.Unreachable, $"{what}: nothing listens there (connection refused); "
                + "check address and port, and that the server runs", inner: exception),
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => new(ApiFailure.Unreachable, $"{what}: no route to it; "
                + "check the address and this machine's routes", inner: exception),
            SocketError.TimedOut => new(ApiFailure.Unreachable, $"{what}: the connection timed out; check address, port "
                + "and firewalls", inner: exception),
            _ when error == HttpRequestError.ConnectionError || exception is OperationCanceledException
                => new(ApiFailure.Unreachable, $"{what}: no connection in time; check address, port and firewalls", inner: exception),
            _ => new(ApiFailure.Cut, $"{what}: the connection broke ({OneLine(exception.GetBaseException().Message)}); it is tried again, "
                + "look at the server and the network if it stays", inner: exception),
        };
    }

    /// <summary>No answer for too long.</summary>
    public static ApiException NoAnswer(ApiCall call, Uri server, TimeSpan waited) => new(
        ApiFailure.Unreachable,
        $"cannot {call.Verb} {call.Plural} at {Show(server)}: no answer within {waited.TotalSeconds:0} s; look at the server's load "
            + "and the network");

    /// <summary>Something that nobody foresaw; it must not end the agent.</summary>
    public static ApiException Unforeseen(string plural, Exception exception) => new(
        ApiFailure.Internal,
        $"reading {plural} failed: {exception.GetType().Name}: "
            + $"{OneLine(exception.Message)}; it is tried again, please report this with the log",
        inner: exception);

    /// <summary>A watch that sent nothing for longer than it should.</summary>
    public static ApiException Silence(ApiCall call, Uri server, TimeSpan waited) => new(
        ApiFailure.Silent,
        $"the watch of {call.Plural} at {Show(server)} was silent for {waited.TotalSeconds:0} s; it is opened again, look at "
            + "proxies and firewalls between if it stays");

    /// <summary>An answer that is no list, object or event.</summary>
    public static ApiException Malformed(ApiCall call, Uri server, Exception exception) => new(
        ApiFailure.Malformed,
        $"cannot {call.Verb} {call.Plural} at {Show(server)}: the answer is not what an API server sends "
            + $"({OneLine(exception.Message)}); check the URL",
        inner: exception);

    /// <summary>An answer of 200 that is not the list that was asked for.</summary>
    /// <param name="what">What it is: "HTTP 200 (text/html) ...".</param>
    public static ApiException NotTheList(ApiCall call, Uri server, string what) => new(
        ApiFailure.Malformed,
        $"cannot {call.Verb} {call.Plural} at {Show(server)}: what answers is no API server: {what}; correct the API server's address, or "
            + "let what stands before it (a proxy, a load balancer, a login page) pass the agent's requests on to it");

    public static string Show(Uri server) => server.AbsoluteUri.TrimEnd('/');

    private static string Rule(ApiCall call)
        => $$"""{apiGroups: ["{{call.Group}}"], resources: ["{{call.Plural}}"], verbs: {{Verbs(call)}}}""";

    /// <summary>The agent lists and watches collections; who lacks the one will lack the other next.</summary>
    private static string Verbs(ApiCall call) => call.Verb is "list" or "watch" ? """["list", "watch"]""" : $"""["{call.Verb}"]""";

    private static string Qualified(ApiCall call) => call.Group.Length == 0 ? call.Plural : $"{call.Plural}.{call.Group}";

    private static string OneLine(string text)
        => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static TException? Find<TException>(Exception? exception)
        where TException : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is TException found) return found;
        }
        return null;
    }
}
