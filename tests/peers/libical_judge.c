/* What libical makes of a feed: the judge behind GNOME, KDE's older and many servers.
 *
 * Reads the path of a feed from each line of standard input and answers each with one
 * line of JSON: {"errors": [...], "events": [{"uid", "start", "end", "summary",
 * "description"}]}. Errors are those of its parser and of its check of the standard's
 * restrictions (icalrestriction_check).
 */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_string(const char *value)
{
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)(value ? value : ""); *c; c++) {
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c < 0x20)
            printf("\\u%04x", *c);
        else
            putchar(*c);
    }
    putchar('"');
}

static int put_errors(icalcomponent *component, int count)
{
    for (icalproperty *property = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY);
         property; property = icalcomponent_get_next_property(component, ICAL_XLICERROR_PROPERTY)) {
        if (count++)
            putchar(',');
        put_string(icalproperty_get_xlicerror(property));
    }
    for (icalcomponent *inner = icalcomponent_get_first_component(component, ICAL_ANY_COMPONENT); inner;
         inner = icalcomponent_get_next_component(component, ICAL_ANY_COMPONENT))
        count = put_errors(inner, count);
    return count;
}

static void put_event(icalcomponent *event)
{
    printf("{\"uid\":");
    put_string(icalcomponent_get_uid(event));
    printf(",\"start\":");
    put_string(icaltime_as_ical_string(icalcomponent_get_dtstart(event)));
    printf(",\"end\":");
    put_string(icaltime_as_ical_string(icalcomponent_get_dtend(event)));
    printf(",\"summary\":");
    put_string(icalcomponent_get_summary(event));
    printf(",\"description\":");
    put_string(icalcomponent_get_description(event));
    putchar('}');
}

static char *content_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *content = malloc((size_t)size + 1);
    if (content)
        content[fread(content, 1, (size_t)size, file)] = 0;
    fclose(file);
    return content;
}

int main(void)
{
    char path[4096];

    icalerror_set_errors_are_fatal(0);
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        char *content = content_of(path);
        icalcomponent *calendar = content ? icalparser_parse_string(content) : NULL;

        printf("{\"errors\":[");
        if (!calendar) {
            put_string("not readable at all");
            printf("],\"events\":[]}\n");
        } else {
            int sound = icalrestriction_check(calendar);
            int count = put_errors(calendar, 0);
            if (!sound) {
                if (count)
                    putchar(',');
                put_string("icalrestriction_check says no");
            }
            printf("],\"events\":[");
            count = 0;
            for (icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
                 event; event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
                if (count++)
                    putchar(',');
                put_event(event);
            }
            printf("]}\n");
            icalcomponent_free(calendar);
        }
        free(content);
        fflush(stdout);
    }
    return 0;
}
