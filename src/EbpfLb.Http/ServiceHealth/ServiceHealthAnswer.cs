using System.Globalization;
using System.Text;
using System.Text.Json;
using EbpfLb.Model;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Http.ServiceHealth;

/// <summary>
/// What a health check port answers to any path and method, in the form that kube-proxy gives it (docs/contract.md 9): tabs and line
/// feeds included, as some probes match the text.
/// </summary>
internal static class ServiceHealthAnswer
{
    private const string WeightHeader = "X-Load-Balancing-Endpoint-Weight";

    /// <param name="proxyHealthy">The data plane is up to date; whether the node shall get traffic at all does not matter here.</param>
    public static async Task WriteAsync(HttpContext context, ObjectName service, int localEndpoints, bool proxyHealthy)
    {
        var body = Encoding.UTF8.GetBytes(Body(service, localEndpoints, proxyHealthy));
        var response = context.Response;
        response.StatusCode = localEndpoints > 0 && proxyHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers[WeightHeader] = localEndpoints.ToString(CultureInfo.InvariantCulture);
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static string Body(ObjectName service, int localEndpoints, bool proxyHealthy) => string.Join('\n',
        "{",
        "\t\"service\": {",
        $"\t\t\"namespace\": {Quote(service.Namespace)},",
        $"\t\t\"name\": {Quote(service.Name)}",
        "\t},",
        $"\t\"localEndpoints\": {localEndpoints.ToString(CultureInfo.InvariantCulture)},",
        $"\t\"serviceProxyHealthy\": {(proxyHealthy ? "true" : "false")}",
        "}");

    /// <summary>Names of objects have nothing to escape; a file of manifests may.</summary>
    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
